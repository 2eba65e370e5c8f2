import type { DataOf } from '../../events/define.ts';
import type { ModelRow, Plot } from '../../events/parts.ts';
import type { modelsCompared } from '../../events/registry.ts';
import { parameterCount } from '../../events/spec.ts';
import { decodePoints } from '../dataset/arrow.ts';
import { renderPlot } from '../plots/renderer.ts';
import type { Chart } from '../plots/theme.ts';
import type { Store } from '../store/port.ts';
import { chartsOf } from './charts.ts';
import type { Comparison, Evaluation } from './comparison.ts';
import type { Evaluator } from './evaluator.ts';
import type { Training } from './progress.ts';

/** Test points drawn on the decision surfaces. */
const SAMPLES = 200;

/** Compares the models of an experiment, all trained, in the order of the spec: the same trainings, the same result. */
export async function compareModels(
  trainings: readonly Training[],
  store: Store,
  evaluator: Evaluator,
): Promise<DataOf<typeof modelsCompared>> {
  const [first] = trainings;
  if (!first) throw new RangeError('No models to compare: expected at least one');
  const { dataset, experiment, experimentName } = first;
  const isFlat = dataset.dims === 2;
  const test = await store.artifacts.get(dataset.test.digest);
  const evaluations = await Promise.all(
    trainings.map(async (training) => ({ training, evaluation: await evaluator.look(training, store) })),
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
    plots: await renderAll(store, chartsOf(comparison)),
  };
}

/** The last charts take longest to draw: they begin, so that no thread is left alone with one at the end. */
async function renderAll(store: Store, charts: readonly Chart[]): Promise<Plot[]> {
  const plots = await Promise.all(charts.toReversed().map((chart) => renderPlot(store, chart)));
  return plots.reverse();
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
