import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { RejectedError } from '../../../events/errors.ts';
import {
  ACTIVATIONS,
  type ExperimentSpecInput,
  type ResolvedModel,
  resolveModel,
  specSchema,
} from '../../../events/spec.ts';
import { makePoints } from '../../../functions/dataset/xor.ts';
import { initialNetwork } from '../../../functions/model/init.ts';
import { writeLayersModel } from '../../../functions/model/layers-model.ts';
import { evaluate } from '../../../functions/model/metrics.ts';
import { type Network, predictLogits } from '../../../functions/model/network.ts';
import { batchesOf, makeOrder } from '../../../functions/train/engines/batches.ts';
import { addGradient, parametersOf, release, upload } from '../../../functions/train/engines/dense.ts';
import type { EpochMetrics, TrainingData } from '../../../functions/train/engines/engine.ts';
import { makeOptimizer } from '../../../functions/train/engines/optimizer.ts';
import { trainWithTensorflow } from '../../../functions/train/engines/tensorflow.ts';
import { loadBackend } from './backend.ts';
import { registerGradients } from './gradients.ts';

before(async () => {
  await loadBackend();
  await registerGradients();
});

const ignore = () => undefined;

function setUp(input: ExperimentSpecInput): { data: TrainingData; model: ResolvedModel } {
  const spec = specSchema.parse(input);
  return {
    data: { train: makePoints(spec.dataset, 'train'), validation: makePoints(spec.dataset, 'validation') },
    model: resolveModel(spec, 0),
  };
}

const small = (model: NonNullable<ExperimentSpecInput['models']>[number], training = {}) =>
  setUp({
    dataset: { dims: 3, trainSize: 200, validationSize: 50 },
    models: [model],
    training: { epochs: 30, ...training },
  });

/** Rows with a column of ones, as the engine has them. */
function rowsOf({ train }: TrainingData): tf.Tensor2D {
  const rows = Array.from({ length: train.size }, (_, row) => [...train.coordinates.map((c) => c[row] ?? 0), 1]);
  return tf.tensor2d(rows);
}

/** The mean loss as TensorFlow.js differentiates it. */
function lossOf(
  network: Network,
  inputs: tf.Tensor2D,
  labels: tf.Tensor2D,
  parameters: readonly tf.Tensor[],
): tf.Scalar {
  let value: tf.Tensor = inputs;
  for (const [index, { activation }] of network.layers.entries()) {
    const sum = tf.add(tf.matMul(value, parameters[2 * index] ?? []), parameters[2 * index + 1] ?? []);
    value =
      activation === 'relu'
        ? tf.relu(sum)
        : activation === 'tanh'
          ? tf.tanh(sum)
          : activation === 'sigmoid'
            ? tf.sigmoid(sum)
            : sum;
  }
  const losses = tf.sub(tf.add(tf.relu(value), tf.log1p(tf.exp(tf.neg(tf.abs(value))))), tf.mul(value, labels));
  return tf.mean(losses);
}

const variablesOf = (network: Network) =>
  network.layers.flatMap(({ inputs, units, kernel, bias }) => [
    tf.variable(tf.tensor2d(kernel.slice(), [inputs, units])),
    tf.variable(tf.tensor1d(bias.slice())),
  ]);

const SHAPES = [[], [1], [5], [6, 4], [4, 1, 3]];

for (const activation of ACTIVATIONS) {
  test(`the gradient through ${activation} is that of automatic differentiation`, () => {
    for (const hidden of SHAPES) {
      const { data, model } = small({ name: 'm', hidden, activation });
      const network = initialNetwork(3, model, 9);
      const inputs = rowsOf(data);
      const gradient = parametersOf(network).map((values) => new Float64Array(values.length));
      const device = upload(network);
      const totals = { loss: 0, right: 0 };
      addGradient(device, { inputs, labels: data.train.labels }, data.train.size, gradient, totals);
      release(device);
      const labels = tf.tensor2d(Float32Array.from(data.train.labels), [data.train.size, 1]);
      const coordinates = tf.slice(inputs, [0, 0], [data.train.size, 3]);
      const variables = variablesOf(network);
      const { value, grads } = tf.valueAndGrads((...parameters: tf.Tensor[]) =>
        lossOf(network, coordinates, labels, parameters),
      )(variables);
      assert.ok(Math.abs((value.dataSync()[0] ?? 0) - totals.loss / data.train.size) < 1e-6);
      for (const [part, expected] of grads.entries()) {
        for (const [index, slope] of expected.dataSync().entries()) {
          const own = gradient[part]?.[index] ?? Number.NaN;
          assert.ok(Math.abs(own - slope) < 1e-6, `${activation} [${hidden}] part ${part}: ${own} for ${slope}`);
        }
      }
      tf.disposeVariables();
    }
  });
}

const OPTIMIZERS = [
  { training: { optimizer: 'adam', learningRate: 0.01 }, reference: () => tf.train.adam(0.01, 0.9, 0.999, 1e-8) },
  { training: { optimizer: 'sgd', learningRate: 0.5 }, reference: () => tf.train.sgd(0.5) },
  { training: { optimizer: 'sgd', learningRate: 0.1, momentum: 0.9 }, reference: () => tf.train.momentum(0.1, 0.9) },
] as const;

for (const { training, reference } of OPTIMIZERS) {
  test(`training by ${JSON.stringify(training)} takes the steps that TensorFlow.js's own optimizer takes`, () => {
    const { data, model } = small({ name: 'm', hidden: [6], activation: 'tanh' }, training);
    const { weights } = trainWithTensorflow(data, model, ignore);
    const network = initialNetwork(3, model, model.training.seed);
    const variables = variablesOf(network);
    const coordinates = tf.slice(rowsOf(data), [0, 0], [data.train.size, 3]);
    const labels = tf.tensor2d(Float32Array.from(data.train.labels), [data.train.size, 1]);
    const optimizer = reference();
    for (let step = 0; step < 30; step++) {
      optimizer.minimize(() => lossOf(network, coordinates, labels, variables), false, variables);
    }
    for (const [part, own] of parametersOf(weights).entries()) {
      for (const [index, value] of (variables[part]?.dataSync() ?? []).entries()) {
        assert.ok(Math.abs((own[index] ?? Number.NaN) - value) < 1e-4, `part ${part}: ${own[index]} for ${value}`);
      }
    }
    tf.disposeVariables();
  });
}

test("Adam's first step is the learning rate, whatever the gradient", () => {
  const parameters = [Float32Array.of(1, 1, 1)];
  makeOptimizer({ optimizer: 'adam', learningRate: 0.25, momentum: 0 }, parameters)(parameters, [
    Float64Array.of(1e-3, -50, 0),
  ]);
  assert.deepEqual(
    parameters[0]?.map((value) => Math.round(value * 1000) / 1000),
    Float32Array.of(0.75, 1.25, 1),
  );
});

test('the same spec gives the same weights on each run, for full batches and for mini-batches', () => {
  for (const batchSize of ['full', 64] as const) {
    const { data, model } = small({ name: 'm', hidden: [8, 4] }, { batchSize });
    const [one, other] = [0, 1].map(() => writeLayersModel(trainWithTensorflow(data, model, ignore).weights).weights);
    assert.deepEqual(one, other);
  }
});

test('a mini-batch epoch visits every row once, in another order each time', () => {
  assert.deepEqual(batchesOf(10, 4), [
    { start: 0, end: 4 },
    { start: 4, end: 8 },
    { start: 8, end: 10 },
  ]);
  assert.deepEqual(batchesOf(10, 99), [{ start: 0, end: 10 }]);
  const next = makeOrder(100, 3, 1);
  const first = next?.().slice();
  const second = next?.().slice();
  assert.deepEqual(
    first?.toSorted(),
    Uint32Array.from({ length: 100 }, (_, index) => index),
  );
  assert.deepEqual(second?.toSorted(), first?.toSorted());
  assert.notDeepEqual(first, second);
  assert.deepEqual(makeOrder(100, 3, 1)?.(), first);
  assert.equal(makeOrder(100, 1, 1), undefined);
});

test('mini-batches learn XOR in few epochs', () => {
  const { data, model } = setUp({
    dataset: { trainSize: 2000 },
    models: [{ name: 'm', hidden: [16] }],
    training: { epochs: 25, batchSize: 64, learningRate: 0.02 },
  });
  const { weights } = trainWithTensorflow(data, model, ignore);
  assert.ok(evaluate(predictLogits(weights, data.validation), data.validation.labels).accuracy > 0.97);
});

test('a batch too large for one pass is trained on in several, to nearly the same weights', () => {
  const input = (trainSize: number) =>
    setUp({
      dataset: { trainSize, validationSize: 10 },
      models: [{ name: 'm', hidden: [1024] }],
      training: { epochs: 3 },
    });
  const { data, model } = input(1500);
  const { weights, history } = trainWithTensorflow(data, model, ignore);
  const start = evaluate(predictLogits(initialNetwork(2, model, 42), data.train), data.train.labels);
  assert.ok(Math.abs((history.loss[0] ?? 0) - start.loss) < 1e-5);
  const end = evaluate(predictLogits(weights, data.validation), data.validation.labels);
  assert.ok(Math.abs((history.validationLoss[2] ?? 0) - end.loss) < 1e-5);
});

test('an epoch tells the training loss before its step and the validation loss after it', () => {
  const { data, model } = small({ name: 'm', hidden: [4] });
  const epochs: EpochMetrics[] = [];
  const { weights, history } = trainWithTensorflow(data, model, (metrics) => epochs.push(metrics));
  assert.equal(epochs.length, 30);
  const before = evaluate(predictLogits(initialNetwork(3, model, 42), data.train), data.train.labels);
  assert.ok(Math.abs((epochs[0]?.loss ?? 0) - before.loss) < 1e-6);
  assert.equal(epochs[0]?.accuracy, before.accuracy);
  const after = evaluate(predictLogits(weights, data.validation), data.validation.labels);
  assert.ok(Math.abs((epochs[29]?.validationLoss ?? 0) - after.loss) < 1e-6);
  assert.equal(history.validationAccuracy[29], Math.fround(after.accuracy));
});

test('training leaves no tensor behind, even when it is stopped', () => {
  const { data, model } = small({ name: 'm', hidden: [8, 4], activation: 'tanh' }, { batchSize: 64 });
  const before = tf.memory().numTensors;
  const counts = new Set<number>();
  trainWithTensorflow(data, model, () => counts.add(tf.memory().numTensors));
  assert.equal(tf.memory().numTensors, before);
  assert.ok(counts.size <= 2, 'the count grew from epoch to epoch');
  const stop = () => {
    throw new Error('stopped');
  };
  assert.throws(() => trainWithTensorflow(data, model, stop), /stopped/);
  assert.equal(tf.memory().numTensors, before);
});

test('a loss that is no number is rejected with epoch, model and learning rate', () => {
  const { data, model } = setUp({
    dataset: { trainSize: 200, validationSize: 50 },
    models: [{ name: 'wild', hidden: [16, 16, 16, 16] }],
    training: { optimizer: 'sgd', learningRate: 100 },
  });
  assert.throws(
    () => trainWithTensorflow(data, model, ignore),
    (error) =>
      error instanceof RejectedError &&
      error.code === 'DIVERGED' &&
      /epoch \d+ of model "wild" with learningRate 100/.test(error.message),
  );
});
