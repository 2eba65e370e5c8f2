import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { ACTIVATIONS, type ResolvedModel, specSchema } from '../../../../events/spec.ts';
import { allocatePoints, type Points } from '../../../../functions/dataset/points.ts';
import { streamOf, uniform } from '../../../../functions/dataset/streams.ts';
import { initialNetwork } from '../../../../functions/model/init.ts';
import type { Layer, Network } from '../../../../functions/model/network.ts';
import { sigmoid } from '../../../../functions/model/network.ts';
import { trainWithKernel } from '../../../../functions/train/engines/fused/fused.ts';
import { type Kernel, loadKernels } from '../../../../functions/train/engines/fused/kernel.ts';

let makeKernel: () => Kernel;

before(async () => {
  makeKernel = await loadKernels();
});

/** So large that float32 weights before and after one step tell the gradient to more digits than it has. */
const RATE = 64;

/** One step of plain gradient descent on a full batch. */
function stepModel(hidden: number[], activation: ResolvedModel['activation'], seed: number): ResolvedModel {
  const { training } = specSchema.parse({
    training: { epochs: 1, optimizer: 'sgd', learningRate: RATE, seed },
  });
  return { name: 'm', hidden, activation, training };
}

function randomPoints(dims: number, size: number, seed: number): Points {
  const stream = streamOf(seed, 'train');
  const points = allocatePoints(dims, size);
  for (const column of points.coordinates) {
    for (let row = 0; row < size; row++) column[row] = 4 * uniform(stream) - 2;
  }
  for (let row = 0; row < size; row++) points.labels[row] = uniform(stream) > 0.5 ? 1 : 0;
  return points;
}

/** Layers with parameters in float64, to be moved a little. */
interface Exact extends Omit<Layer, 'kernel' | 'bias'> {
  readonly kernel: Float64Array;
  readonly bias: Float64Array;
}

const toExact = ({ layers }: Network): Exact[] =>
  layers.map((layer) => ({ ...layer, kernel: Float64Array.from(layer.kernel), bias: Float64Array.from(layer.bias) }));

/** The mean loss in float64, and the smallest sum that a rectifier decided on. */
function lossOf(layers: readonly Exact[], points: Points): { loss: number; margin: number } {
  let loss = 0;
  let margin = Number.POSITIVE_INFINITY;
  for (let row = 0; row < points.size; row++) {
    let values = points.coordinates.map((column) => column[row] ?? 0);
    for (const { units, kernel, bias, activation } of layers) {
      const inputs = values;
      values = Array.from({ length: units }, (_, unit) => {
        const sum = inputs.reduce(
          (sum, value, input) => sum + value * (kernel[input * units + unit] ?? 0),
          bias[unit] ?? 0,
        );
        if (activation === 'linear') return sum;
        if (activation === 'tanh') return Math.tanh(sum);
        if (activation === 'sigmoid') return sigmoid(sum);
        margin = Math.min(margin, Math.abs(sum));
        return Math.max(0, sum);
      });
    }
    const logit = values[0] ?? Number.NaN;
    loss += Math.max(logit, 0) - (points.labels[row] ?? 0) * logit + Math.log1p(Math.exp(-Math.abs(logit)));
  }
  return { loss: loss / points.size, margin };
}

const H = 1e-5;

const networks = fc.record({
  dims: fc.integer({ min: 2, max: 9 }),
  size: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 60, max: 140 })),
  hidden: fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 3 }),
  activation: fc.constantFrom(...ACTIVATIONS),
  seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
});

test('the gradient of any network is that of finite differences in float64', () => {
  fc.assert(
    fc.property(networks, ({ dims, size, hidden, activation, seed }) => {
      const points = randomPoints(dims, size, seed);
      const model = stepModel(hidden, activation, seed);
      const start = initialNetwork(dims, model, seed);
      const exact = toExact(start);
      const { loss, margin } = lossOf(exact, points);
      // Where a rectifier is about to change its mind there is no slope to compare with.
      fc.pre(margin > 100 * H);
      const { weights, history } = trainWithKernel(
        makeKernel(),
        { train: points, validation: points },
        model,
        () => undefined,
      );
      assert.ok(Math.abs((history.loss[0] ?? Number.NaN) - loss) < 1e-6);
      for (const [index, layer] of exact.entries()) {
        for (const part of ['kernel', 'bias'] as const) {
          const values = layer[part];
          for (const [place, value] of values.entries()) {
            values[place] = value + H;
            const above = lossOf(exact, points).loss;
            values[place] = value - H;
            const below = lossOf(exact, points).loss;
            values[place] = value;
            const slope = (above - below) / (2 * H);
            const own = (value - (weights.layers[index]?.[part][place] ?? Number.NaN)) / RATE;
            assert.ok(Math.abs(own - slope) < 1e-6, `layer ${index} ${part} ${place}: ${own} for ${slope}`);
          }
        }
      }
    }),
    { numRuns: 60, seed: 1 },
  );
});
