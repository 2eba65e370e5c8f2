import type { FunctionDefinition } from '../host/function.ts';
import { main } from '../host/main.ts';
import { makeComparer } from './comparer.ts';
import { joinAndCompare } from './handler.ts';

let comparer: ReturnType<typeof makeComparer> | undefined;

/** Compares the models of an experiment when all are trained, and completes it. */
export const definition: FunctionDefinition = {
  name: 'compare',
  accepts: ['model.trained', 'samples.plotted'],
  emitsMany: true,
  handle: async (event, deps) => {
    if (event.type !== 'model.trained' && event.type !== 'samples.plotted') return [];
    comparer ??= makeComparer();
    return joinAndCompare(event, deps, comparer.compare);
  },
  init: async () => {
    comparer ??= makeComparer();
  },
  shutdown: async () => {
    await comparer?.[Symbol.asyncDispose]();
    comparer = undefined;
  },
};

if (import.meta.main) await main(definition);
