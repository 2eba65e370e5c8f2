import type { DataOf } from '../../events/define.ts';
import type { ModelRow } from '../../events/parts.ts';
import type { modelsCompared } from '../../events/registry.ts';
import { parameterCount } from '../../events/spec.ts';
import { decodePoints } from '../dataset/arrow.ts';
import { makePool, type Pool } from '../host/pool.ts';
import { renderPlot } from '../plots/renderer.ts';
import type { Store } from '../store/port.ts';
import { cellsFor } from './charts/surface.ts';
import { chartsOf } from './charts.ts';
import type { Comparison, Evaluation } from './comparison.ts';
import type { EvaluationInput } from './evaluate.ts';
import type { Training } from './progress.ts';

/** Rows of all the curves of a chart together, and of one. */
const CHART_ROWS = 20_000;
const CURVE_POINTS = { min: 100, max: 500 };
/** Test points drawn on the decision surfaces. */
const SAMPLES = 200;

/** The thread that looks at models: one, as the renderer's two wait for it, and a start of more delays everybody else's. */
export function makeEvaluators(): Pool {
  return makePool(new URL('./worker.ts', import.meta.url), { size: 1 });
}

/** Compares the models of an experiment, all trained, in the order of the spec: the same trainings, the same result. */
export async function compareModels(
  trainings: readonly Training[],
  store: Store,
  evaluators: Pool,
): Promise<DataOf<typeof modelsCompared>> {
  const [first] = trainings;
  if (!first) throw new RangeError('No models to compare: expected at least one');
  const { dataset, experiment, experimentName } = first;
  const isFlat = dataset.dims === 2;
  const test = await store.artifacts.get(dataset.test.digest);
  const { min, max } = CURVE_POINTS;
  const maxPoints = Math.max(min, Math.min(max, Math.floor(CHART_ROWS / (2 * trainings.length))));
  const cells = isFlat ? cellsFor(trainings.length) : 0;
  const evaluations = await Promise.all(
    trainings.map(async (training) => {
      const [model, weights, history] = await Promise.all(
        [training.weights.model, training.weights.weights, training.history].map(({ digest }) =>
          store.artifacts.get(digest),
        ),
      );
      if (!model || !weights || !history) throw new RangeError('Fewer artifacts than asked for');
      const input: EvaluationInput = { model, weights, history, test, maxPoints, cells };
      return { training, evaluation: await evaluators.run<Evaluation>('evaluate', input) };
    }),
  );
  const comparison: Comparison = {
    experimentName,
    models: evaluations.map(({ training, evaluation }) => ({
      ...evaluation,
      name: training.model.name,
      validation: training.validation,
      test: training.test,
    })),
    samples: isFlat ? samplesOf(test) : [],
  };
  return {
    experiment,
    models: evaluations.map(({ training, evaluation }) => rowOf(training, evaluation)),
    plots: await Promise.all(chartsOf(comparison).map((chart) => renderPlot(store, chart))),
  };
}

function rowOf(training: Training, { roc }: Evaluation): ModelRow {
  const { index, model, engine, train, validation, test, weights, durationMs, dataset } = training;
  return {
    index,
    name: model.name,
    hidden: model.hidden,
    parameters: parameterCount(dataset.dims, model.hidden),
    engine: engine.name,
    train,
    validation,
    test,
    auc: roc.auc,
    weights: weights.weights.digest,
    durationMs,
  };
}

function samplesOf(test: Uint8Array): Comparison['samples'] {
  const { coordinates, labels, size } = decodePoints(test);
  const at = (column: number, index: number) => Math.round((coordinates[column]?.[index] ?? 0) * 10_000) / 10_000;
  return Array.from({ length: Math.min(SAMPLES, size) }, (_, index) => ({
    x0: at(0, index),
    x1: at(1, index),
    label: labels[index] ?? 0,
  }));
}
