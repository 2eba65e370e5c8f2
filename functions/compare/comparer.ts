import type { DataOf } from '../../events/define.ts';
import { derive } from '../../events/ids.ts';
import type { modelsCompared } from '../../events/registry.ts';
import { useRenderer } from '../plots/renderer.ts';
import type { Store } from '../store/port.ts';
import { compareModels } from './compare.ts';
import { makeEvaluator } from './evaluator.ts';
import type { Compare } from './handler.ts';
import type { Training } from './progress.ts';

export interface Comparer extends AsyncDisposable {
  readonly compare: Compare;
  /** Begins to look at a model while others are still being trained. */
  prepare(training: Training, store: Store): void;
}

/** Compares on threads of its own, which it keeps warm until it is disposed of. */
export function makeComparer(): Comparer {
  const renderer = useRenderer();
  const evaluator = makeEvaluator();
  const running = new WeakMap<Store, Map<string, Promise<DataOf<typeof modelsCompared>>>>();
  return {
    // The last model and the plots of the points often come at once: both wait for one and the same comparison.
    async compare(trainings, { store }) {
      const key = derive(...trainings.map((training) => JSON.stringify(training)));
      const inStore = running.get(store) ?? new Map();
      running.set(store, inStore);
      const twin = inStore.get(key);
      if (twin) return twin;
      const comparison = compareModels(trainings, store, evaluator).finally(() => inStore.delete(key));
      inStore.set(key, comparison);
      return comparison;
    },
    prepare(training, store) {
      // What fails here fails again, and is told, where it is needed.
      evaluator.look(training, store).catch(() => undefined);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([evaluator[Symbol.asyncDispose](), renderer[Symbol.asyncDispose]()]);
    },
  };
}
