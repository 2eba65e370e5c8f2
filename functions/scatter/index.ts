import type { FunctionDefinition } from '../host/function.ts';
import { main } from '../host/main.ts';
import { useRenderer } from '../plots/renderer.ts';
import { plotSamples } from './handler.ts';

let renderer: AsyncDisposable | undefined;

/** Draws the points of two-dimensional datasets. */
export const definition: FunctionDefinition = {
  name: 'scatter',
  accepts: ['dataset.generated'],
  emitsMany: false,
  handle: async (event, deps) => (event.type === 'dataset.generated' ? plotSamples(event, deps) : []),
  init: async () => {
    renderer ??= useRenderer();
  },
  shutdown: async () => {
    await renderer?.[Symbol.asyncDispose]();
    renderer = undefined;
  },
};

if (import.meta.main) await main(definition);
