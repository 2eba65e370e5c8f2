import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RejectedError } from '../../../events/errors.ts';
import { type ExperimentSpecInput, specSchema } from '../../../events/spec.ts';
import { assertFits, availableMemory, estimateMemory } from '../../../functions/dataset/memory.ts';

const GIB = 2 ** 30;
const estimate = (spec: ExperimentSpecInput, parallel = 2) => estimateMemory(specSchema.parse(spec), parallel);

test('the default experiment fits in half a GiB', () => {
  assert.ok(estimate({}) < GIB / 2);
});

test('the estimate grows with points, dimensions, epochs, and models trained at once', () => {
  const base = estimate({});
  assert.ok(estimate({ dataset: { trainSize: 10_000_000 } }) > base + 2 * 10_000_000 * 9);
  assert.ok(estimate({ dataset: { dims: 64, trainSize: 1_000_000 } }) > base + 2 * 1_000_000 * 4 * 64);
  assert.ok(estimate({ training: { epochs: 1_000_000 } }) > base + 2 * 1_000_000 * 16);
  assert.ok(estimate({}, 1) < base);
  assert.equal(estimate({}, 16), base);
});

test('the largest dataset of few dimensions fits a large machine, that of many does not', () => {
  const largest = { dataset: { trainSize: 100_000_000 } };
  assert.doesNotThrow(() => assertFits(specSchema.parse(largest), 64 * GIB));
  const wide = { dataset: { dims: 64, trainSize: 100_000_000 } };
  assert.throws(
    () => assertFits(specSchema.parse(wide), 64 * GIB),
    (error) =>
      error instanceof RejectedError && error.code === 'INSUFFICIENT_MEMORY' && /64\.0 GiB/.test(error.message),
  );
});

test('what is available is no more than the machine has', () => {
  assert.ok(availableMemory() > 0);
});
