import { TransientError } from '../../events/errors.ts';
import { trialCompleted } from '../../events/registry.ts';
import type { Deps } from '../host/function.ts';
import type { LogEntry, Logs } from '../store/port.ts';

/** Lasts the time for which a search has to be quiet, or until the signal, at which it rejects. */
export type Pause = (signal: AbortSignal) => Promise<unknown>;

/** Where in the log of a search an event stands. */
export interface Place {
  readonly logs: Logs;
  readonly log: string;
  readonly position: number;
}

/** A search that is never quiet is drawn once in as many milliseconds. */
const WINDOW_MS = 10_000;
/** How far back the trial that ended before is looked for: between two of them stand requests, of as many as run at once. */
const LOOK_BACK = 256;

/**
 * Whether the event is the first `trial.completed` of a ten-second window of the clock, by the events' own times, and not
 * the first of the search. It depends on two neighbours in the log alone, so that it is the same at a redelivery.
 */
export async function isFirstInWindow({ logs, log, position }: Place): Promise<boolean> {
  const start = Math.max(0, position - LOOK_BACK);
  const completions = (await logs.read(log, start, position - start)).filter(isCompletion).slice(-2);
  const [before, own] = completions.map(({ value }) => outsideOf(value));
  const windowOf = (time: string | undefined) => Math.floor(Date.parse(time ?? '') / WINDOW_MS);
  return windowOf(own?.time) > windowOf(before?.time);
}

/**
 * Whether no trial ends after the event and within the pause.
 *
 * @throws TransientError when the function shuts down meanwhile
 */
export async function isLast({ logs, log, position }: Place, deps: Deps, pause: Pause): Promise<boolean> {
  if (await hasLater({ logs, log, position })) return false;
  const over = new AbortController();
  const ending = AbortSignal.any([deps.draining, deps.signal]);
  const until = AbortSignal.any([ending, over.signal]);
  const follow = async () => {
    for await (const entry of logs.follow(log, position, until)) if (isCompletion(entry)) return;
  };
  const waits = [follow(), pause(until)];
  try {
    await Promise.race(waits);
  } catch (error) {
    if (!ending.aborted) throw error;
  } finally {
    over.abort();
    await Promise.allSettled(waits);
  }
  if (ending.aborted) {
    throw new TransientError('WORKER_LOST', `Gave up waiting for ${log} to be quiet: the function shuts down`);
  }
  return !(await hasLater({ logs, log, position }));
}

async function hasLater({ logs, log, position }: Place): Promise<boolean> {
  return (await logs.read(log, position)).some(isCompletion);
}

function isCompletion({ value }: LogEntry): boolean {
  return outsideOf(value).type === trialCompleted.type;
}

/** What an entry says of itself; its data stay unlooked at. */
function outsideOf(value: string): { type: string; time?: string } {
  return JSON.parse(value) as { type: string; time?: string };
}
