import { setTimeout as sleep } from 'node:timers/promises';
import { TransientError } from '../../events/errors.ts';
import type { PipelinesApi, Run } from '../../functions/pipelines/api.ts';

/** What changed since the last look: the run itself, or one of its tasks. */
export interface Change {
  /** Undefined for the run. */
  readonly task?: string;
  readonly state: string;
  /** Why it failed, where the server says so. */
  readonly reason?: string;
}

/** One task of a run; a loop has several of one name. */
export interface TaskOfRun {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly reason?: string;
}

export interface FollowOptions {
  tell(change: Change): void;
  /** Milliseconds between two looks. */
  readonly every?: number;
  /** Milliseconds that the server may be away. */
  readonly away?: number;
}

const ENDED: readonly Run['state'][] = ['SUCCEEDED', 'SKIPPED', 'FAILED', 'CANCELED'];
const EVERY_MS = 2_000;
const AWAY_MS = 120_000;

/**
 * Looks at a run until it has ended.
 *
 * @throws TransientError when the server has been away for too long; the signal's reason
 */
export async function followRun(
  api: PipelinesApi,
  id: string,
  signal: AbortSignal,
  { tell, every = EVERY_MS, away = AWAY_MS }: FollowOptions,
): Promise<Run> {
  const seen = new Map<string, string>();
  let lostAt: number | undefined;
  for (;;) {
    try {
      const run = await api.getRun(id, signal);
      lostAt = undefined;
      for (const change of changesOf(run, seen)) tell(change);
      if (ENDED.includes(run.state)) return run;
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      lostAt ??= performance.now();
      if (performance.now() - lostAt + every > away) throw error;
    }
    await sleep(every, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** The tasks of a run that have a state, but for those that the server puts before and inside each step. */
export function tasksOf(run: Run): readonly TaskOfRun[] {
  return (run.run_details?.task_details ?? [])
    .filter(
      ({ display_name, state }) =>
        state !== '' && display_name !== '' && !/(?:^|-)(?:driver|executor)$/.test(display_name),
    )
    .map(({ task_id, display_name, state, error }) => ({
      id: task_id || display_name,
      name: display_name,
      state,
      ...(error?.message && { reason: error.message }),
    }));
}

function* changesOf(run: Run, seen: Map<string, string>): Generator<Change> {
  for (const { id, name, state, reason } of tasksOf(run)) {
    if (seen.get(id) === state) continue;
    seen.set(id, state);
    yield { task: name, state, ...(reason !== undefined && { reason }) };
  }
  if (seen.get('') === run.state) return;
  seen.set('', run.state);
  yield { state: run.state, ...(run.error?.message && { reason: run.error.message }) };
}
