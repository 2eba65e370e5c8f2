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
  try {
    const running = await serve(definition, process.env);
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.once(signal, () => {
        void running.close().then(() => process.exit(0));
      });
    }
  } catch (error) {
    process.stderr.write(`${definition.name}: ${toError(error).message}\n`);
    process.exit(1);
  }
}

async function batch(definition: FunctionDefinition): Promise<void> {
  const code = await runBatch(definition, process.env, ({ giveUp }) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, giveUp);
  });
  process.exit(code);
}
