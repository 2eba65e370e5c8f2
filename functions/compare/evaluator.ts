import { makePool } from '../host/pool.ts';
import type { Store } from '../store/port.ts';
import { cellsFor } from './charts/surface.ts';
import type { Evaluation } from './comparison.ts';
import type { EvaluationInput } from './evaluate.ts';
import type { Training } from './progress.ts';

/** Rows of all the curves of a chart together, and of one. */
const CHART_ROWS = 20_000;
const CURVE_POINTS = { min: 100, max: 500 };
/** Evaluations that are kept for their comparison, some 100 KB each: more than the models of an experiment. */
const KEPT = 128;

/** Looks at trained models on a thread of its own, at each once. */
export interface Evaluator extends AsyncDisposable {
  /** What the test points make of a model; the same for the same artifacts. */
  look(training: Training, store: Store): Promise<Evaluation>;
}

/** One thread, as the renderer's two wait for it, and a start of more delays everybody else's. */
export function makeEvaluator(): Evaluator {
  const pool = makePool(new URL('./worker.ts', import.meta.url), { size: 1 });
  pool.warm().catch(() => undefined);
  const kept = new Map<string, Promise<Evaluation>>();

  async function evaluate(training: Training, store: Store): Promise<Evaluation> {
    const { weights, dataset, count } = training;
    const [model, values, history, test] = await Promise.all(
      [weights.model, weights.weights, training.history, dataset.test].map(({ digest }) => store.artifacts.get(digest)),
    );
    if (!model || !values || !history || !test) throw new RangeError('Fewer artifacts than asked for');
    const { min, max } = CURVE_POINTS;
    const maxPoints = Math.max(min, Math.min(max, Math.floor(CHART_ROWS / (2 * count))));
    const cells = dataset.dims === 2 ? cellsFor(count) : 0;
    const input: EvaluationInput = { model, weights: values, history, test, maxPoints, cells };
    return pool.run<Evaluation>('evaluate', input);
  }

  return {
    look(training, store) {
      const { weights, history, dataset, count } = training;
      const key = [weights.model, weights.weights, history, dataset.test, { digest: count }]
        .map(({ digest }) => digest)
        .join();
      const evaluation = kept.get(key) ?? evaluate(training, store);
      // The one that was asked for last is forgotten last.
      kept.delete(key);
      kept.set(key, evaluation);
      evaluation.catch(() => kept.delete(key));
      for (const oldest of kept.keys()) {
        if (kept.size <= KEPT) break;
        kept.delete(oldest);
      }
      return evaluation;
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}
