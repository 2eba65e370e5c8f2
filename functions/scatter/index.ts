import type { FunctionDefinition } from '../host/function.ts';
import { perInstance } from '../host/instances.ts';
import { main } from '../host/main.ts';
import { useRenderer } from '../plots/renderer.ts';
import { plotSamples } from './handler.ts';

const renderer = perInstance(useRenderer);

/** Draws the points of two-dimensional datasets. */
export const definition: FunctionDefinition = {
  name: 'scatter',
  accepts: ['dataset.generated'],
  emitsMany: false,
  handle: async (event, deps) => (event.type === 'dataset.generated' ? plotSamples(event, deps) : []),
  init: async (deps) => void renderer.of(deps),
  shutdown: renderer.release,
};

if (import.meta.main) await main(definition);
