import type { FunctionDefinition } from '../host/function.ts';
import { perInstance } from '../host/instances.ts';
import { main } from '../host/main.ts';
import { makePool } from '../host/pool.ts';
import { generateDataset } from './handler.ts';

const threads = perInstance(() => makePool(new URL('./worker.ts', import.meta.url), { size: 1 }));

/** Generates the points of an experiment. */
export const definition: FunctionDefinition = {
  name: 'generate',
  accepts: ['experiment.requested'],
  emitsMany: false,
  handle: async (event, deps) =>
    event.type === 'experiment.requested' ? generateDataset(event, deps, () => threads.of(deps)) : [],
  shutdown: threads.release,
};

if (import.meta.main) await main(definition);
