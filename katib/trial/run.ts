import type { DataOf, EventOf } from '../../events/define.ts';
import { toError, XorflowError } from '../../events/errors.ts';
import type { trialCompleted, trialRequested } from '../../events/registry.ts';
import type { Trial, TrialsClient } from '../../functions/client/trials.ts';
import type { LinePrinter } from './lines.ts';

export type TrialResult = DataOf<typeof trialCompleted>;

/** A trial whose lines are wanted, and its end, once that is known. */
export interface FollowedTrial {
  readonly trial: Trial;
  readonly completed: Promise<TrialResult>;
  readonly printer: LinePrinter;
}

/** Hands all lines of a trial to its printer, however many times each, and resolves when none is missing. */
export type ReadLines = (followed: FollowedTrial, signal: AbortSignal) => Promise<void>;

/** What a trial is run with. */
export interface TrialDeps {
  readonly client: TrialsClient;
  readonly readLines: ReadLines;
  readonly printer: LinePrinter;
  /** Aborted when nobody wants the rest, the reason says why. */
  readonly signal: AbortSignal;
  /** Tells of what went wrong besides. */
  warn(sentence: string): void;
}

/** The trial came to an end that is no success. */
export class TrialFailed extends Error {}

/** A pod that is to end has seconds left, and the training ends at its own deadline anyway. */
const CANCEL_MS = 3_000;

/**
 * Requests a trial and prints its metric lines as they come, until it has succeeded. A trial that nobody waits for any
 * more is cancelled.
 *
 * @throws TrialFailed when the trial fails, is stopped, or has no objective; XorflowError of the client; the signal's
 * reason
 */
export async function runTrial(event: EventOf<typeof trialRequested>, deps: TrialDeps): Promise<void> {
  const { client, readLines, printer, signal } = deps;
  const name = event.subject ?? '';
  const done = new AbortController();
  const until = AbortSignal.any([signal, done.signal]);
  let isRequested = false;
  let isOver = false;
  try {
    const trial = await client.request(event, signal);
    isRequested = true;
    const completed = awaitCompleted(client, name, until).then((result) => {
      isOver = true;
      return result;
    });
    const [result] = await Promise.all([completed, readLines({ trial, completed, printer }, until)]);
    judge(name, event, result, printer);
  } catch (error) {
    done.abort();
    // What was refused is somebody else's trial; a request that we gave up may have arrived all the same.
    const isDone = isOver || error instanceof TrialFailed || !(isRequested || signal.aborted);
    if (!isDone) await cancel(name, toError(error).message, deps);
    throw error;
  }
}

/** @throws TrialFailed when nobody tries it; XorflowError `PLATFORM_UNREACHABLE`; the signal's reason */
async function awaitCompleted(client: TrialsClient, name: string, signal: AbortSignal): Promise<TrialResult> {
  for await (const { event } of client.follow(name, 0, signal)) {
    if (event?.type === 'trial.completed' && event.data) return event.data;
    if (event?.type === 'experiment.failed' && event.data) {
      throw new TrialFailed(`Trial ${name} failed at ${event.data.stage}: ${event.data.reason}`);
    }
  }
  throw new XorflowError('PLATFORM_UNREACHABLE', `The events of trial ${name} ended before its result came`);
}

/** @throws TrialFailed */
function judge(
  name: string,
  { data }: EventOf<typeof trialRequested>,
  result: TrialResult,
  { refused, objectives }: LinePrinter,
): void {
  if (result.status !== 'succeeded') {
    const what = result.status === 'failed' ? 'failed' : 'was stopped';
    throw new TrialFailed(`Trial ${name} ${what}: ${result.reason}`);
  }
  if (refused !== undefined) {
    const rule = 'expected a time, the trial, its epoch, and finite numbers alone';
    throw new TrialFailed(`Wrong line ${JSON.stringify(refused.slice(0, 300))} of trial ${name}: ${rule}`);
  }
  if (objectives === 0) {
    const metric = data?.objective.metric;
    throw new TrialFailed(`No ${metric} in the lines of trial ${name}: expected one for each epoch that is reported`);
  }
}

async function cancel(name: string, reason: string, { client, warn }: TrialDeps): Promise<void> {
  await client.cancel(name, reason.slice(0, 2_000), AbortSignal.timeout(CANCEL_MS)).catch((error: unknown) => {
    // Where the gateway does not know it, nobody trains it.
    if (error instanceof XorflowError && error.code === 'NOT_FOUND') return;
    const { name: kind, message } = toError(error);
    const why = kind === 'TimeoutError' ? `no answer within ${CANCEL_MS / 1000} s` : message;
    warn(`Trial ${name} is not cancelled and trains on until its deadline: ${why}`);
  });
}
