import { writeFileSync } from 'node:fs';
import { XorflowError } from '../../events/errors.ts';
import { decodePoints } from '../../functions/dataset/arrow.ts';
import { confusionOf, rocOf } from '../../functions/model/classification.ts';
import { readLayersModel } from '../../functions/model/layers-model.ts';
import { predictLogits } from '../../functions/model/network.ts';
import { awaitEvent } from '../follow.ts';
import { integerOf, type Step, textOf } from './context.ts';

/** Points of a ROC curve that the dashboard draws. */
const ROC_POINTS = 200;

/** Waits for one model, and shows its metrics, its confusion matrix and its ROC curve on the test points. */
export const train: Step = async ({ execution, client, signal, say }) => {
  const index = integerOf(execution, 'index');
  const { data } = await awaitEvent(
    client,
    textOf(execution, 'experiment'),
    'model.trained',
    signal,
    (event) => event.data?.index === index,
  );
  if (!data) throw new XorflowError('INVALID_EVENT', 'model.trained without data');
  const { model, engine, durationMs, dataset } = data;
  const [layers, weights, test] = await Promise.all(
    [data.weights.model, data.weights.weights, dataset.test].map(({ digest }) => client.artifact(digest, signal)),
  );
  if (!layers || !weights || !test) throw new RangeError('Fewer artifacts than asked for');
  const name = { display_name: model.name };
  const hidden = model.hidden.join(' ') || 'linear';
  writeFileSync(
    execution.fileOf('model', {
      ...name,
      framework: 'TensorFlow.js LayersModel',
      hidden,
      weights: data.weights.weights.digest,
    }),
    layers,
  );
  execution.fileOf('metrics', {
    ...name,
    'train loss': data.train.loss,
    'train accuracy': data.train.accuracy,
    'validation loss': data.validation.loss,
    'validation accuracy': data.validation.accuracy,
    'test loss': data.test.loss,
    'test accuracy': data.test.accuracy,
    'training seconds': durationMs / 1000,
  });
  const points = decodePoints(test);
  const logits = predictLogits(readLayersModel(layers, weights), points);
  const { trueZeros, falseOnes, falseZeros, trueOnes } = confusionOf(points.labels, logits);
  execution.fileOf('classification', {
    ...name,
    confusionMatrix: {
      annotationSpecs: [{ displayName: 'class 0' }, { displayName: 'class 1' }],
      rows: [{ row: [trueZeros, falseOnes] }, { row: [falseZeros, trueOnes] }],
    },
    confidenceMetrics: rocOf(points.labels, logits, ROC_POINTS).points.map((point) => ({
      confidenceThreshold: point.threshold,
      falsePositiveRate: point.falsePositiveRate,
      recall: point.truePositiveRate,
    })),
  });
  say(`${model.name} (${hidden}), by ${engine.name}: test accuracy ${data.test.accuracy}`);
};
