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
const FIRST_LOOK = 4;

/**
 * Whether the event is the first `trial.completed` of a ten-second window of the clock, by the events' own times, and not
 * the first of the search. It depends on two neighbours in the log alone, so that it is the same at a redelivery.
 */
export async function isFirstInWindow({ logs, log, position }: Place): Promise<boolean> {
  for (let look = FIRST_LOOK; look <= LOOK_BACK; look *= 4) {
    const start = Math.max(0, position - look);
    const [before, own] = (await logs.read(log, start, position - start)).filter(isCompletion).slice(-2);
    if (before && own) return windowOf(own) > windowOf(before);
    if (start === 0) break;
  }
  return false;
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
    over.abort('over');
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
  // Most entries are told by a look at their text.
  return value.includes(trialCompleted.type) && outsideOf(value).type === trialCompleted.type;
}

function windowOf({ value }: LogEntry): number {
  return Math.floor(Date.parse(outsideOf(value).time ?? '') / WINDOW_MS);
}

/** What an entry says of itself; its data stay unlooked at. */
function outsideOf(value: string): { type: string; time?: string } {
  return JSON.parse(value) as { type: string; time?: string };
}
