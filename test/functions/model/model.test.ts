import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import * as tf from '@tensorflow/tfjs-core';
import { loadLayersModel } from '@tensorflow/tfjs-layers';
import fc from 'fast-check';
import { RejectedError } from '../../../events/errors.ts';
import { ACTIVATIONS, specSchema } from '../../../events/spec.ts';
import { makePoints } from '../../../functions/dataset/xor.ts';
import { initialNetwork } from '../../../functions/model/init.ts';
import { readLayersModel, writeLayersModel } from '../../../functions/model/layers-model.ts';
import { evaluate } from '../../../functions/model/metrics.ts';
import { predictLogits, sigmoid } from '../../../functions/model/network.ts';
import { loadWasm } from '../../../functions/train/engines/tensorflow.ts';

before(loadWasm);

const pointsOf = (dims: number, size: number) =>
  makePoints(specSchema.parse({ dataset: { dims, trainSize: size } }).dataset, 'train');

test('a network starts as PyTorch starts it: uniform in ±1/sqrt(inputs), by the seed alone', () => {
  const network = initialNetwork(4, { hidden: [1000], activation: 'relu' }, 7);
  assert.deepEqual(network, initialNetwork(4, { hidden: [1000], activation: 'relu' }, 7));
  assert.notDeepEqual(network, initialNetwork(4, { hidden: [1000], activation: 'relu' }, 8));
  for (const { kernel, bias, inputs } of network.layers) {
    const bound = 1 / Math.sqrt(inputs);
    assert.ok([...kernel, ...bias].every((value) => Math.abs(value) <= bound));
    assert.ok(Math.max(...kernel) > 0.95 * bound && Math.min(...kernel) < -0.95 * bound);
    const mean = kernel.reduce((sum, value) => sum + value, 0) / kernel.length;
    assert.ok(Math.abs(mean) < 0.1 * bound);
  }
});

test('tf.loadLayersModel loads what is written, and predicts the sigmoid of the logits', async () => {
  for (const activation of ACTIVATIONS) {
    for (const hidden of [[], [16], [5, 3]]) {
      const network = initialNetwork(3, { hidden, activation }, 1);
      const { model, weights } = writeLayersModel(network);
      const json = JSON.parse(Buffer.from(model).toString());
      assert.deepEqual(json.weightsManifest[0].paths, ['weights.bin']);
      const loaded = await loadLayersModel({
        load: async () => ({
          modelTopology: json.modelTopology,
          weightSpecs: json.weightsManifest[0].weights,
          weightData: Uint8Array.from(weights).buffer,
        }),
      });
      const points = pointsOf(3, 300);
      const rows = Array.from({ length: points.size }, (_, index) =>
        points.coordinates.map((column) => column[index] ?? 0),
      );
      const predicted = loaded.predict(tf.tensor2d(rows));
      assert.ok(predicted instanceof tf.Tensor);
      const expected = Array.from(predictLogits(network, points), sigmoid);
      for (const [index, value] of predicted.dataSync().entries()) {
        assert.ok(Math.abs(value - (expected[index] ?? 0)) < 1e-6, `${activation} ${hidden}`);
      }
      loaded.dispose();
    }
  }
});

test('a network survives the way to a LayersModel and back, as the same bytes', () => {
  const network = initialNetwork(2, { hidden: [4, 3], activation: 'tanh' }, 5);
  const files = writeLayersModel(network);
  const read = readLayersModel(files.model, files.weights);
  assert.deepEqual(read, network);
  assert.deepEqual(writeLayersModel(read), files);
});

test('a LayersModel with too few or too many weights, or of other layers, is rejected', () => {
  const isCorrupt = (error: unknown) => error instanceof RejectedError && error.code === 'CORRUPT_ARTIFACT';
  const { model, weights } = writeLayersModel(initialNetwork(2, { hidden: [4], activation: 'relu' }, 5));
  assert.throws(() => readLayersModel(model, weights.subarray(4)), isCorrupt);
  assert.throws(() => readLayersModel(model, new Uint8Array(weights.length + 4)), isCorrupt);
  assert.throws(() => readLayersModel(Buffer.from('{'), weights), isCorrupt);
  const other = Buffer.from(Buffer.from(model).toString().replace('"Dense"', '"Conv2D"'));
  assert.throws(() => readLayersModel(other, weights), isCorrupt);
});

test('loss and accuracy are those of the definition', () => {
  const cases = fc.array(fc.tuple(fc.double({ min: -30, max: 30, noNaN: true }), fc.boolean()), {
    minLength: 1,
    maxLength: 2000,
  });
  fc.assert(
    fc.property(cases, (pairs) => {
      const logits = pairs.map(([logit]) => logit);
      const labels = Uint8Array.from(pairs, ([, label]) => Number(label));
      const { loss, accuracy } = evaluate(logits, labels);
      const terms = pairs.map(([logit, label]) => Math.log1p(Math.exp(label ? -logit : logit)));
      const expected = terms.reduce((sum, term) => sum + term, 0) / pairs.length;
      assert.ok(Math.abs(loss - expected) <= 1e-12 * Math.max(1, expected));
      assert.equal(accuracy, pairs.filter(([logit, label]) => logit > 0 === label).length / pairs.length);
    }),
  );
});

test('a certain prediction costs nothing when right and its logit when wrong, never infinity', () => {
  assert.deepEqual(evaluate([1e30], Uint8Array.of(1)), { loss: 0, accuracy: 1 });
  assert.deepEqual(evaluate([-1000], Uint8Array.of(1)), { loss: 1000, accuracy: 0 });
  assert.ok(Number.isNaN(evaluate([Number.NaN], Uint8Array.of(0)).loss));
});
