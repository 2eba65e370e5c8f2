import type { DataOf } from '../../events/define.ts';
import { derive } from '../../events/ids.ts';
import type { modelsCompared } from '../../events/registry.ts';
import { useRenderer } from '../plots/renderer.ts';
import type { Store } from '../store/port.ts';
import { compareModels, makeEvaluators } from './compare.ts';
import type { Compare } from './handler.ts';

/** Compares on threads of its own, which it keeps warm until it is disposed of. */
export function makeComparer(): { compare: Compare } & AsyncDisposable {
  const renderer = useRenderer();
  const evaluators = makeEvaluators();
  evaluators.warm().catch(() => undefined);
  const running = new WeakMap<Store, Map<string, Promise<DataOf<typeof modelsCompared>>>>();
  return {
    // The last model and the plots of the points often come at once: both wait for one and the same comparison.
    async compare(trainings, { store }) {
      const key = derive(...trainings.map((training) => JSON.stringify(training)));
      const inStore = running.get(store) ?? new Map();
      running.set(store, inStore);
      const twin = inStore.get(key);
      if (twin) return twin;
      const comparison = compareModels(trainings, store, evaluators).finally(() => inStore.delete(key));
      inStore.set(key, comparison);
      return comparison;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([evaluators[Symbol.asyncDispose](), renderer[Symbol.asyncDispose]()]);
    },
  };
}
