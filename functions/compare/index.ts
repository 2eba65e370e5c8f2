import type { FunctionDefinition } from '../host/function.ts';
import { perInstance } from '../host/instances.ts';
import { main } from '../host/main.ts';
import { makeComparer } from './comparer.ts';
import { joinAndCompare } from './handler.ts';

const comparer = perInstance(makeComparer);

/** Compares the models of an experiment when all are trained, and completes it. */
export const definition: FunctionDefinition = {
  name: 'compare',
  accepts: ['model.trained', 'samples.plotted'],
  emitsMany: true,
  handle: async (event, deps) => {
    if (event.type !== 'model.trained' && event.type !== 'samples.plotted') return [];
    const { compare, prepare } = comparer.of(deps);
    if (event.type === 'model.trained' && event.data) prepare(event.data, deps.store);
    return joinAndCompare(event, deps, compare);
  },
  init: async (deps) => void comparer.of(deps),
  shutdown: comparer.release,
};

if (import.meta.main) await main(definition);
