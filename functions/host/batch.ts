import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Envelope, readEnvelope } from '../../events/envelope.ts';
import { InvalidEvent, TransientError, XorflowError } from '../../events/errors.ts';
import { toEnvelope } from '../../events/read.ts';
import type { FunctionDefinition } from './function.ts';
import { handleEnvelope } from './handle.ts';
import { openFunction } from './open.ts';
import { type Env, readSettings, type Settings } from './settings.ts';
import { postEvent, withOverrides } from './sink.ts';

/** What a Job's pod ends with, and what its `podFailurePolicy` goes by. */
export const BATCH_EXIT = {
  done: 0,
  /** Another try may help: the store or the broker is away, or the fault is ours. */
  again: 1,
  /** No other try can help: what the Job was given is wrong. */
  never: 2,
  /** Told to stop; as a shell tells of SIGTERM. */
  stopped: 143,
} as const;

const DEFAULT_FOLDER = '/etc/jobsink-event';
/** Waits before an event is posted again: the work before it may have taken hours, and a new try would do it all again. */
const WAITS_MS = [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000];

/** Whether this process is a Job with one event in a file, as JobSink makes them, instead of a server. */
export function isBatch(env: Env): boolean {
  // The second name is the one of Eventing before 1.17.
  return env.K_EXECUTION_MODE === 'batch' || env.KNATIVE_EXECUTION_MODE === 'batch';
}

/**
 * Handles the event in `$K_EVENT_PATH/event` and posts what comes of it to `K_SINK`. What can never work is told by
 * `experiment.failed`, as it is by a server.
 *
 * @param stop gives the work up
 * @returns one of {@link BATCH_EXIT}
 */
export async function runBatch(definition: FunctionDefinition, env: Env, stop: AbortSignal): Promise<number> {
  const say = (error: unknown) =>
    void process.stderr.write(`${definition.name}: ${error instanceof Error ? error.message : String(error)}\n`);
  try {
    const sink = sinkOf(readSettings(env));
    const envelope = await readEvent(env);
    const opened = await openFunction(definition, env);
    const { deps, settings } = opened;
    stop.addEventListener('abort', opened.giveUp, { once: true });
    if (stop.aborted) opened.giveUp();
    try {
      await definition.init?.(deps);
      const { result, events, error } = await handleEnvelope(definition, envelope, deps);
      if (result === 'ignored') {
        say(`Wrong type ${envelope.attributes.type}: expected one of ${String(definition.accepts)}`);
        return BATCH_EXIT.never;
      }
      if (error) deps.log.warn({ ...envelope.attributes, error }, 'rejected');
      for (const event of events) {
        await postPatiently(sink, withOverrides(toEnvelope(event), settings.overrides), deps.signal);
      }
      return BATCH_EXIT.done;
    } finally {
      await opened.close();
    }
  } catch (error) {
    say(error);
    if (stop.aborted) return BATCH_EXIT.stopped;
    return error instanceof XorflowError && !(error instanceof TransientError) ? BATCH_EXIT.never : BATCH_EXIT.again;
  }
}

function sinkOf({ sink }: Settings): string {
  if (sink) return sink;
  const rule = 'expected the address of the broker; is the SinkBinding of Jobs ready?';
  throw new XorflowError('INVALID_ARGUMENT', `Missing K_SINK: ${rule}`);
}

async function readEvent(env: Env): Promise<Envelope> {
  const path = join(env.K_EVENT_PATH || DEFAULT_FOLDER, 'event');
  try {
    return readEnvelope({ 'content-type': 'application/cloudevents+json' }, await readFile(path));
  } catch (cause) {
    const what = cause instanceof InvalidEvent ? cause.message : `cannot be read: ${(cause as Error).message}`;
    throw new XorflowError('INVALID_EVENT', `Wrong event in ${path}: ${what}`, { cause });
  }
}

async function postPatiently(sink: string, envelope: Envelope, signal: AbortSignal): Promise<void> {
  for (const wait of WAITS_MS) {
    try {
      return await postEvent(sink, envelope, { signal });
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      await sleep(wait, undefined, { signal });
    }
  }
  await postEvent(sink, envelope, { signal });
}
