import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { confusionOf, rocOf, wilsonInterval } from '../../../functions/model/classification.ts';

test('a logit over 0 is called class 1, one of 0 class 0', () => {
  const labels = Uint8Array.of(0, 0, 0, 1, 1, 1, 1);
  const logits = Float32Array.of(-1, 0, 2, -3, 0.1, 5, 6);
  assert.deepEqual(confusionOf(labels, logits), { trueZeros: 2, falseOnes: 1, falseZeros: 1, trueOnes: 3 });
});

test('the area is the share of pairs in the right order, a tie counting half', () => {
  // Scores of class 0: 1, 2; of class 1: 2, 3. Pairs: 2>1, 2=2, 3>1, 3>2: 3.5 of 4.
  const { auc, points } = rocOf(Uint8Array.of(0, 0, 1, 1), Float32Array.of(1, 2, 2, 3));
  assert.equal(auc, 3.5 / 4);
  assert.deepEqual(
    points.map(({ falsePositiveRate, truePositiveRate }) => [falsePositiveRate, truePositiveRate]),
    [
      [0, 0],
      [0, 0.5],
      [0.5, 1],
      [1, 1],
    ],
  );
});

test('scores that are all equal are a straight line of area one half', () => {
  const { auc, points } = rocOf(Uint8Array.of(0, 1, 0, 1), new Float32Array(4));
  assert.equal(auc, 0.5);
  assert.equal(points.length, 2);
});

test('where there is only one class, there is no curve and nothing is claimed', () => {
  assert.deepEqual(rocOf(Uint8Array.of(1, 1), Float32Array.of(1, 2)), { points: [], auc: 0.5 });
});

test('thresholds are finite and fall, whatever the scores', () => {
  const scored = fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.float({ noNaN: true, noDefaultInfinity: true })));
  fc.assert(
    fc.property(scored, (pairs) => {
      const { points, auc } = rocOf(
        Uint8Array.from(pairs, ([label]) => label),
        Float32Array.from(pairs, ([, score]) => score),
      );
      assert.ok(auc >= 0 && auc <= 1);
      for (const [index, { threshold }] of points.entries()) {
        assert.ok(threshold >= 0 && threshold <= 1);
        assert.ok(index === 0 || threshold <= (points[index - 1]?.threshold ?? 0));
      }
    }),
  );
});

test('the area equals the count of pairs, and reversing the scores mirrors it', () => {
  const scored = fc.array(fc.tuple(fc.integer({ min: 0, max: 1 }), fc.integer({ min: -3, max: 3 })), { minLength: 2 });
  fc.assert(
    fc.property(scored, (pairs) => {
      const labels = Uint8Array.from(pairs, ([label]) => label);
      const scores = Float32Array.from(pairs, ([, score]) => score);
      const { auc } = rocOf(labels, scores);
      const ones = pairs.filter(([label]) => label === 1);
      const zeros = pairs.filter(([label]) => label === 0);
      if (ones.length === 0 || zeros.length === 0) return;
      let right = 0;
      for (const [, one] of ones) for (const [, zero] of zeros) right += one > zero ? 1 : one === zero ? 0.5 : 0;
      assert.ok(Math.abs(auc - right / ones.length / zeros.length) < 1e-12);
      assert.ok(
        Math.abs(
          auc +
            rocOf(
              labels,
              scores.map((score) => -score),
            ).auc -
            1,
        ) < 1e-12,
      );
    }),
  );
});

test('a thinned curve keeps its ends and the area of the whole', () => {
  const size = 1_000;
  const labels = Uint8Array.from({ length: size }, (_, index) => ((index * 7919) % 13) % 2);
  const logits = Float32Array.from({ length: size }, (_, index) => Math.sin(index));
  const whole = rocOf(labels, logits);
  const thin = rocOf(labels, logits, 20);
  assert.equal(thin.points.length, 20);
  assert.equal(thin.auc, whole.auc);
  assert.deepEqual([thin.points[0], thin.points.at(-1)], [whole.points[0], whole.points.at(-1)]);
});

test('the Wilson interval is that of the textbook', () => {
  // Brown, Cai and DasGupta (2001): 15 of 50 at 95 %.
  const { low, high } = wilsonInterval(15, 50);
  assert.equal(low.toFixed(4), '0.1910');
  assert.equal(high.toFixed(4), '0.4375');
});

test('the Wilson interval of all or nothing stays within 0 and 1 and has a width', () => {
  assert.deepEqual(wilsonInterval(10, 10).high, 1);
  assert.equal(wilsonInterval(10, 10).low.toFixed(4), '0.7225');
  assert.equal(wilsonInterval(0, 10).low, 0);
  assert.equal(wilsonInterval(0, 10).high.toFixed(4), '0.2775');
});
