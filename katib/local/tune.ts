import { makeEvent } from '../../events/define.ts';
import { XorflowError } from '../../events/errors.ts';
import { derive } from '../../events/ids.ts';
import { searchStarted } from '../../events/registry.ts';
import type { SearchClient } from '../../functions/client/searches.ts';
import type { PastTrial } from '../algorithms/algorithm.ts';
import { type End, endOf, wantedOf } from './ends.ts';
import type { CreatedTrial, JudgedTrial } from './judge.ts';
import { stopRulesOf } from './medianstop.ts';
import { canonical, type Plan, trialName } from './plan.ts';
import { assertSame, limitsOf, recordedCount, recordOf, type SearchRecord } from './record.ts';
import { makeTrialRunner, SOURCE, type TrialRunner } from './trials.ts';

/** A search that is over. */
export interface TuneResult extends End {
  /** In the order of creation. */
  readonly trials: readonly JudgedTrial[];
  /** How many of them were on record before. */
  readonly recorded: number;
  /** From the first trial that was not to the end of the last, in milliseconds; 0 where all were. */
  readonly durationMs: number;
}

export interface TuneOptions {
  readonly signal: AbortSignal;
  /** How many trials of the search are on record already, before anything is done. */
  onStart?(recorded: number): void;
  /** One more trial is over; they come in the order of creation. */
  onTrial?(trial: JudgedTrial): void;
}

/**
 * Runs a search, or goes on with it where its trials are on record. Trials run side by side, but an algorithm and the
 * rules of early stopping hear of them in the order in which they were created: so the search is the same however long
 * each trial takes, on whichever machine, and however often it was interrupted.
 *
 * @throws XorflowError `INVALID_ARGUMENT` where its name is taken or it may not go on, `PLATFORM_UNREACHABLE`
 */
export async function tune(plan: Plan, client: SearchClient, options: TuneOptions): Promise<TuneResult> {
  const { signal } = options;
  const record = recordOf(await client.events(plan.name, signal));
  assertSame(plan, record);
  const recorded = recordedCount(plan, record);
  options.onStart?.(recorded);
  if (record.spec && canonical(record.spec) !== canonical(plan.spec))
    await assertMayGoOn(plan, client, record, options);
  if (!record.spec || canonical(record.spec) !== canonical(plan.spec)) await client.start(startOf(plan), signal);
  await using runner = makeTrialRunner(plan, client, record, signal);
  return await search(plan, runner, record, options);
}

async function search(
  plan: Plan,
  runner: TrialRunner,
  record: SearchRecord,
  { onTrial }: TuneOptions,
): Promise<TuneResult> {
  const created: { readonly trial: CreatedTrial; readonly judged: Promise<JudgedTrial> }[] = [];
  const judged: JudgedTrial[] = [];
  const recorded = recordedCount(plan, record);
  let startedAt = 0;
  let end: End | undefined;
  for (;;) {
    while (!end && wantedOf(judged, created.length - judged.length, plan.limits) > 0) {
      const trial = nextTrial(
        plan,
        record,
        created.map(({ trial }) => trial),
        judged,
      );
      if (!trial) break;
      if (trial.index === recorded) startedAt = performance.now();
      const running = runner.run(trial);
      // It is awaited in its turn; until then it is not unhandled.
      running.catch(() => undefined);
      created.push({ trial, judged: running });
    }
    const next = created[judged.length];
    if (!next) break;
    const trial = await next.judged;
    judged.push(trial);
    onTrial?.(trial);
    end ??= endOf(judged, plan);
  }
  return {
    // Nothing runs, and the algorithm has nothing more to try.
    ...(end ?? { status: 'Succeeded', reason: 'ExperimentSuggestionEndReached' }),
    trials: judged,
    recorded: Math.min(recorded, judged.length),
    durationMs: startedAt === 0 ? 0 : performance.now() - startedAt,
  };
}

/** The trial that is created next: the one on record, else what the algorithm makes of those that are judged. */
function nextTrial(
  plan: Plan,
  { requested }: SearchRecord,
  created: readonly CreatedTrial[],
  judged: readonly JudgedTrial[],
): CreatedTrial | undefined {
  const index = created.length;
  const name = trialName(plan, index);
  const before = requested.get(name);
  if (before) {
    const { assignments, labels = {}, stopRules } = before;
    return { name, index, assignments, labels, stopRules };
  }
  const [suggestion] = plan.algorithm.suggest(plan.search, pastOf(created, judged), index, 1);
  if (!suggestion) return undefined;
  const succeeded = judged.filter(({ status }) => status === 'Succeeded');
  const stopRules = plan.medianStop ? stopRulesOf(succeeded, plan.medianStop, plan.objective) : [];
  return { name, index, assignments: suggestion.assignments, labels: suggestion.labels ?? {}, stopRules };
}

const STATES = { Succeeded: 'succeeded', EarlyStopped: 'stopped', Failed: 'failed' } as const;

function pastOf(created: readonly CreatedTrial[], judged: readonly JudgedTrial[]): PastTrial[] {
  return created.flatMap(({ index, assignments, labels }): PastTrial[] => {
    const past = { index, assignments, labels };
    const trial = judged[index];
    if (!trial) return [{ ...past, state: 'running' }];
    return trial.status === 'MetricsUnavailable' ? [] : [{ ...past, state: STATES[trial.status], value: trial.value }];
  });
}

/** Katib takes other limits while a search runs, and after it only where the policy keeps what the algorithm knows. */
async function assertMayGoOn(
  plan: Plan,
  client: SearchClient,
  record: SearchRecord,
  options: TuneOptions,
): Promise<void> {
  const before = { ...plan, limits: limitsOf(record.spec ?? {}, plan) };
  const count = recordedCount(plan, record);
  const isOver = record.completed.size >= count;
  if (!isOver || count === 0) return;
  await using runner = makeTrialRunner(plan, client, record, options.signal);
  const known: JudgedTrial[] = [];
  for (let index = 0; index < count; index++) {
    const trial = nextTrial(before, record, known, known);
    if (trial) known.push(await runner.run(trial));
  }
  const end = endOf(known, before);
  if (!end) return;
  const { resumePolicy, limits } = plan;
  const policy = `resumePolicy ${resumePolicy}`;
  if (end.reason !== 'ExperimentMaxTrialsReached')
    throw mayNot(plan.name, `it ended with ${end.reason}, after which there is no more`);
  if (resumePolicy === 'Never')
    throw mayNot(plan.name, `${policy} does not let it go on: expected LongRunning or FromVolume`);
  if (limits.maxTrialCount <= count) {
    throw mayNot(plan.name, `maxTrialCount ${limits.maxTrialCount} is not more than its ${count} trials`);
  }
}

function mayNot(name: string, why: string): XorflowError {
  return new XorflowError(
    'INVALID_ARGUMENT',
    `The search ${JSON.stringify(name)} is over, and ${why}; another name (--name) runs it anew`,
  );
}

function startOf(plan: Plan): ReturnType<typeof makeEvent<typeof searchStarted>> {
  const { name, spec, objective } = plan;
  return makeEvent(searchStarted, {
    source: SOURCE,
    id: derive(name, canonical(spec)),
    subject: name,
    extensions: { experiment: name },
    data: { experiment: name, objective: { metric: objective.metric, type: objective.type }, spec },
  });
}
