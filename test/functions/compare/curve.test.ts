import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { historyOf, thinCurve } from '../../../functions/compare/curve.ts';

test('a curve of few points is kept whole', () => {
  assert.deepEqual(thinCurve([1, 2, 3], [0.5, 0.25, 0.125], 3), { epochs: [1, 2, 3], values: [0.5, 0.25, 0.125] });
});

test('a spike of one epoch in a million stays', () => {
  const size = 1_000_000;
  const values = new Float32Array(size).fill(0.5);
  values[654_321] = 9;
  values[123_456] = 0.125;
  const epochs = Uint32Array.from({ length: size }, (_, index) => index + 1);
  const thin = thinCurve(epochs, values, 500);
  assert.ok(thin.epochs.length <= 500);
  assert.equal(thin.values[thin.epochs.indexOf(654_322)], 9);
  assert.equal(thin.values[thin.epochs.indexOf(123_457)], 0.125);
  assert.deepEqual([thin.epochs[0], thin.epochs.at(-1)], [1, size]);
});

test('thinning keeps the order, the ends, the lowest and the highest, and no more points than allowed', () => {
  const float = fc.double({ min: -100, max: 100, noNaN: true });
  fc.assert(
    fc.property(fc.array(float, { minLength: 1, maxLength: 300 }), fc.integer({ min: 4, max: 100 }), (values, max) => {
      const epochs = values.map((_, index) => index + 1);
      const thin = thinCurve(epochs, values, max);
      assert.ok(thin.epochs.length <= max);
      assert.deepEqual(
        thin.epochs,
        [...new Set(thin.epochs)].sort((a, b) => a - b),
      );
      assert.deepEqual([thin.epochs[0], thin.epochs.at(-1)], [1, values.length]);
      assert.deepEqual(
        [Math.min(...thin.values), Math.max(...thin.values)],
        [Math.min(...values), Math.max(...values)],
      );
    }),
  );
});

test('the goal is reached at the first epoch with 99 % of the validation points right, of all epochs', () => {
  const columns = (accuracy: number[]) => ({
    epoch: Uint32Array.from(accuracy, (_, index) => index + 1),
    loss: Float32Array.from(accuracy),
    accuracy: Float32Array.from(accuracy),
    validation_loss: Float32Array.from(accuracy),
    validation_accuracy: Float64Array.from(accuracy),
  });
  assert.equal(historyOf(columns([0.5, 0.98, 0.99, 0.97, 1]), 4).goalEpoch, 3);
  assert.equal(historyOf(columns([0.5, 0.98]), 4).goalEpoch, undefined);
  assert.equal(historyOf(columns([0.5, 0.98]), 4).epochs, 2);
});
