import { XorflowError } from '../events/errors.ts';
import type { ExperimentSpec } from '../events/spec.ts';
import type { ExperimentState } from '../events/state.ts';
import type { Client } from '../functions/client/client.ts';
import { isLast, type LoggedEvent, stateOf } from '../functions/client/logged.ts';
import { makeProgress, type Screen } from './progress.ts';

/** An experiment that is over. */
export interface Outcome {
  readonly state: ExperimentState;
  readonly events: readonly LoggedEvent[];
}

/**
 * Requests an experiment and follows it to its end.
 *
 * @param taken is told the id once the platform has it
 * @throws XorflowError when the platform is away for too long; `STORE_UNAVAILABLE` when it forgets what it has taken
 */
export async function runExperiment(
  client: Client,
  spec: ExperimentSpec,
  { screen, signal, taken }: { screen: Screen; signal: AbortSignal; taken?: (id: string) => void },
): Promise<Outcome> {
  const id = await client.request(spec, signal);
  taken?.(id);
  const ending = new AbortController();
  const either = AbortSignal.any([signal, ending.signal]);
  using progress = makeProgress(id, screen);
  const lines = screen.isTTY ? showLines(client, id, either, progress.line) : Promise.resolve();
  const events: LoggedEvent[] = [];
  try {
    for await (const logged of client.follow(id, 0, signal)) {
      events.push(logged);
      if (logged.event) progress.event(logged.event);
      if (isLast(logged)) break;
    }
  } catch (error) {
    if (!(error instanceof XorflowError && error.code === 'NOT_FOUND')) throw error;
    const message = `No experiment ${id} at ${client.url} after it was taken there: expected its store to keep it`;
    throw new XorflowError('STORE_UNAVAILABLE', message, { cause: error });
  } finally {
    ending.abort();
    await lines;
  }
  return { state: stateOf(id, events), events };
}

/** Metric lines are an ornament: where they cannot be had, the events still tell how far it is. */
async function showLines(client: Client, id: string, signal: AbortSignal, show: (line: string) => void): Promise<void> {
  try {
    for await (const line of client.lines(id, signal)) show(line);
  } catch {
    // The events are followed with retries, and fail with a sentence if that is what has happened.
  }
}
