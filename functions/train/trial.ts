import { type DataOf, derivedId, type EventDefinition, type EventOf, makeEvent } from '../../events/define.ts';
import { RejectedError } from '../../events/errors.ts';
import { eventFromJson } from '../../events/read.ts';
import { type KnownEvent, trialCancelled, trialCompleted, type trialRequested } from '../../events/registry.ts';
import type { StopRule } from '../../events/search.ts';
import { assertFits } from '../dataset/memory.ts';
import type { Deps } from '../host/function.ts';
import type { Pool } from '../host/pool.ts';
import { LOG } from '../store/port.ts';
import { estimateMs } from './engines/cost.ts';
import { SOURCE } from './handler.ts';
import { makeLineWriter } from './line-writer.ts';
import { reportedMetrics, type TimedMetrics } from './lines.ts';
import { readJobLimit } from './tier.ts';

/** What a thread gets to try. */
export type TrialInput = Pick<TrialRequest, 'dataset' | 'model' | 'objective' | 'stopRules'>;

/** What a thread says of a trial when it is over; its reports have been sent before. */
export interface TrialResult {
  readonly stopped?: StopRule;
  readonly durationMs: number;
}

type TrialRequest = DataOf<typeof trialRequested>;
type Completion = DataOf<typeof trialCompleted>;

/** Of signals that only tell a loop to end: an exception for each costs more than the loop. */
const OVER = 'over';

/** Nobody waits for the trial any more, or not for the rest of it. */
class Ended extends Error {}

/**
 * Tries one assignment of hyperparameters: trains it on the points of its dataset, printing the metric lines that
 * searches go by, or gives the event that the trial brought about before. No weights are kept, and no test points drawn.
 */
export async function runTrial(
  event: EventOf<typeof trialRequested>,
  deps: Deps,
  pool: Pool,
): Promise<readonly EventOf<typeof trialCompleted>[]> {
  const { data, subject } = event;
  if (!data || subject === undefined) return [];
  const before = await findCompleted(deps, subject);
  if (before) return [before];
  const { experiment, index, assignments } = data;
  const shared = { experiment, ...(index !== undefined && { index }), assignments };
  return [
    makeEvent(trialCompleted, {
      source: SOURCE,
      id: derivedId(event, trialCompleted),
      subject,
      extensions: { experiment },
      data: { ...shared, ...(await outcomeOf(event.id, subject, data, deps, pool)) },
    }),
  ];
}

type Outcome = Completion extends infer C
  ? C extends Completion
    ? Omit<C, 'experiment' | 'index' | 'assignments'>
    : never
  : never;

async function outcomeOf(cause: string, trial: string, data: TrialRequest, deps: Deps, pool: Pool): Promise<Outcome> {
  const started = performance.now();
  const rows: TimedMetrics[] = [];
  const lines = makeLineWriter(deps, trial, `trial/${trial}`, cause);
  using end = endOf(trial, data, deps);
  let durationMs: number | undefined;
  let why: string | undefined;
  try {
    refuseLong(data, deps);
    assertFits({
      name: 'trial',
      dataset: data.dataset,
      models: [{ ...data.model, ...data.model.training }],
      training: data.model.training,
    });
    const { dataset, model, objective, stopRules } = data;
    const input: TrialInput = { dataset, model, objective, stopRules };
    const result = await pool.run<TrialResult>('trial', input, {
      signal: AbortSignal.any([deps.signal, end.signal]),
      onMessage: (message) => {
        const batch = message as readonly TimedMetrics[];
        rows.push(...batch);
        lines.write(batch);
      },
    });
    durationMs = result.durationMs;
    why = result.stopped && sentenceOf(result.stopped);
  } catch (error) {
    deps.signal.throwIfAborted();
    if (error instanceof RejectedError) return failed(error.message);
    if (!(error instanceof Ended)) throw error;
    why = error.message;
  } finally {
    await lines.written();
  }
  if (end.isLate()) return failed(`Not done within ${data.deadlineMs / 1000} s, the deadline of the trial`);
  const last = rows.at(-1)?.metrics;
  const metrics = last && reportedMetrics(last);
  const value = metrics?.[data.objective.metric];
  if (!last || value === undefined) return failed(why ?? `No value of ${data.objective.metric} was reported`);
  const judged = {
    objective: { ...data.objective, value },
    metrics,
    epochs: last.epoch,
    durationMs: durationMs ?? performance.now() - started,
  };
  return why === undefined ? { ...judged, status: 'succeeded' } : { ...judged, status: 'stopped', reason: why };
}

function failed(reason: string): Outcome {
  return { status: 'failed', reason: reason.slice(0, 2_000) };
}

function sentenceOf({ metric, comparison, value, startStep }: StopRule): string {
  return `Stopped early: the best ${metric} was ${comparison === 'equal' ? 'equal to' : `${comparison === 'less' ? 'less' : 'greater'} than`} ${value} at report ${startStep}`;
}

/** A trial has one request for its training: what takes longer than that is told at once, not after all the retries. */
function refuseLong({ dataset, model }: TrialRequest, { env }: Deps): void {
  const limit = readJobLimit(env) || Number.POSITIVE_INFINITY;
  const engine = model.training.engine === 'tensorflow' ? 'wasm' : 'fused';
  const estimate = estimateMs(engine, { dims: dataset.dims, points: dataset.trainSize, model });
  if (estimate <= limit) return;
  throw new RejectedError(
    'INVALID_SPEC',
    `Too long trial of about ${Math.round(estimate / 1000)} s: expected at most ${limit / 1000} s (XORFLOW_JOB_SECONDS); use fewer epochs, points or units`,
  );
}

async function findCompleted({ store }: Deps, trial: string): Promise<EventOf<typeof trialCompleted> | undefined> {
  for (const { value } of await store.logs.read(LOG.events(trial))) {
    const event = eventOf(trialCompleted, value);
    if (event?.type === 'trial.completed') return event;
  }
  return undefined;
}

/** An entry of a log; undefined for one that does not name the type, which is told by a look at its text. */
function eventOf({ type }: EventDefinition, entry: string): KnownEvent | undefined {
  return entry.includes(type) ? eventFromJson(entry) : undefined;
}

/** Aborts with `Ended` when the trial is cancelled, which its log says, and at its deadline. */
function endOf(trial: string, { deadlineMs }: TrialRequest, { store, signal }: Deps) {
  const ended = new AbortController();
  const over = new AbortController();
  let late = false;
  const timer = setTimeout(
    () => {
      late = true;
      ended.abort(new Ended('late'));
    },
    Math.min(deadlineMs, 2 ** 31 - 1),
  );
  const watch = async () => {
    for await (const { value } of store.logs.follow(LOG.events(trial), 0, AbortSignal.any([signal, over.signal]))) {
      const event = eventOf(trialCancelled, value);
      if (event?.type !== 'trial.cancelled' || !event.data) continue;
      ended.abort(new Ended(`Cancelled: ${event.data.reason}`));
      return;
    }
  };
  // A store that is away is told by whoever needs it to go on.
  watch().catch(() => undefined);
  return {
    signal: ended.signal,
    isLate: () => late,
    [Symbol.dispose]() {
      clearTimeout(timer);
      over.abort(OVER);
    },
  };
}
