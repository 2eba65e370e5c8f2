import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { ACTIVATIONS, type ExperimentSpecInput, resolveModel, specSchema } from '../../../../events/spec.ts';
import { makePoints } from '../../../../functions/dataset/xor.ts';
import { initialNetwork } from '../../../../functions/model/init.ts';
import type { Network } from '../../../../functions/model/network.ts';
import { trainWithKernel } from '../../../../functions/train/engines/fused/fused.ts';
import { type Kernel, loadKernels } from '../../../../functions/train/engines/fused/kernel.ts';
import { loadWasm, trainWithTensorflow } from '../../../../functions/train/engines/tensorflow.ts';

let makeKernel: () => Kernel;

before(async () => {
  makeKernel = await loadKernels();
  await loadWasm();
});

/** Trains on both engines; the largest differences of their histories, weights and accuracies. */
function compare(input: ExperimentSpecInput) {
  const spec = specSchema.parse(input);
  const data = { train: makePoints(spec.dataset, 'train'), validation: makePoints(spec.dataset, 'validation') };
  const model = resolveModel(spec, 0);
  const own = trainWithKernel(makeKernel(), data, model, () => undefined);
  const other = trainWithTensorflow(data, model, () => undefined);
  const far = (one: ArrayLike<number>, two: ArrayLike<number>) =>
    Math.max(...Array.from(one, (value, index) => Math.abs(value - (two[index] ?? Number.NaN))));
  const all = ({ layers }: Network) => layers.flatMap(({ kernel, bias }) => [...kernel, ...bias]);
  return {
    loss: far(own.history.loss, other.history.loss),
    validationLoss: far(own.history.validationLoss, other.history.validationLoss),
    accuracy: far(own.history.accuracy, other.history.accuracy),
    weights: far(all(own.weights), all(other.weights)),
    moved: far(all(own.weights), all(initialNetwork(spec.dataset.dims, model, model.training.seed))),
  };
}

const OPTIMIZERS = [
  { optimizer: 'adam', learningRate: 0.01 },
  { optimizer: 'sgd', learningRate: 0.2 },
  { optimizer: 'sgd', learningRate: 0.05, momentum: 0.9 },
] as const;

/** Fifty steps each. */
const BATCHES = [
  { batchSize: 'full', epochs: 50 },
  { batchSize: 64, epochs: 10 },
  { batchSize: 30, epochs: 5 },
] as const;

for (const activation of ACTIVATIONS) {
  for (const optimizer of OPTIMIZERS) {
    for (const batches of BATCHES) {
      test(`fifty steps lead where TensorFlow.js gets: ${activation} ${JSON.stringify({ ...optimizer, ...batches })}`, () => {
        const far = compare({
          dataset: { dims: 3, trainSize: 300, validationSize: 100 },
          models: [{ name: 'm', hidden: [9, 6], activation }],
          training: { ...optimizer, ...batches },
        });
        assert.ok(far.moved > 0.01, 'nothing was learned');
        assert.ok(far.loss < 2e-6 && far.validationLoss < 2e-6, JSON.stringify(far));
        assert.ok(far.weights < 1e-4, JSON.stringify(far));
        // One point that lies on the border.
        assert.ok(far.accuracy < 0.004, JSON.stringify(far));
      });
    }
  }
}

// Units that are lines in a plane have a way of their own: points of a block on one side, on the other, on both.
for (const size of [1, 127, 128, 129, 1000, 10_000]) {
  for (const width of [1, 2, 3, 16, 65]) {
    test(`${size} points of two coordinates and ${width} rectifiers: sixty steps lead where TensorFlow.js gets`, () => {
      const far = compare({
        dataset: { dims: 2, trainSize: size, validationSize: Math.ceil(size / 3) },
        models: [{ name: 'm', hidden: [width] }],
        training: { epochs: 60, optimizer: 'sgd', learningRate: 0.1 },
      });
      assert.ok(far.moved > 0.01, 'nothing was learned');
      assert.ok(far.loss < 2e-6 && far.validationLoss < 2e-6 && far.weights < 1e-4, JSON.stringify(far));
    });
  }
}

const SHAPES: { dims: number; hidden: number[]; size?: number }[] = [
  { dims: 64, hidden: [1024] },
  { dims: 2, hidden: [1, 1, 1, 1, 1, 1, 1, 1] },
  { dims: 5, hidden: [33, 2, 17, 5, 3, 64, 7, 10] },
  { dims: 63, hidden: [] },
  { dims: 2, hidden: [16], size: 3001 },
  { dims: 4, hidden: [16, 16], size: 3001 },
];

for (const { dims, hidden, size = 200 } of SHAPES) {
  test(`a network of ${dims} inputs and hidden layers [${hidden}] is trained on ${size} points as TensorFlow.js does`, () => {
    const far = compare({
      dataset: { dims, trainSize: size, validationSize: Math.floor(size / 2) },
      models: [{ name: 'm', hidden }],
      training: { epochs: 5 },
    });
    assert.ok(far.loss < 2e-6 && far.validationLoss < 2e-6 && far.weights < 1e-4, JSON.stringify(far));
  });
}
