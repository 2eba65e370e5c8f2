import { toError } from '../../events/errors.ts';
import { isBatch, runBatch } from './batch.ts';
import type { FunctionDefinition } from './function.ts';
import { serve } from './serve.ts';

/**
 * Runs a function as a process of its own: serves until SIGTERM or SIGINT, finishes what is in flight, exits 0; as a Job
 * handles its one event.
 */
export async function main(definition: FunctionDefinition): Promise<void> {
  if (isBatch(process.env)) return batch(definition);
  const fail = (error: unknown): never => {
    process.stderr.write(`${definition.name}: ${toError(error).message}\n`);
    process.exit(1);
  };
  const starting = serve(definition, process.env);
  // Before it is ready too: process 1 of a container hears of no signal that it has no handler for.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void starting.then((running) => running.close()).then(() => process.exit(0), fail));
  }
  await starting.catch(fail);
}

async function batch(definition: FunctionDefinition): Promise<void> {
  const stopping = new AbortController();
  // Before it has begun, too.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stopping.abort());
  process.exit(await runBatch(definition, process.env, stopping.signal));
}
