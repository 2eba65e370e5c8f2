import type { TrialsClient } from '../../functions/client/trials.ts';
import type { ReadLines } from './run.ts';

/** The lines of a trial as the gateway has them: in order, each once, all of them. */
export function readGatewayLines(client: TrialsClient): ReadLines {
  return async ({ trial, printer }, signal) => {
    for await (const line of client.lines(trial.name, signal)) printer.take(line);
  };
}
