import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { SPLITS } from '../../../events/parts.ts';
import { type DatasetSpec, specSchema } from '../../../events/spec.ts';
import { balanceOf } from '../../../functions/dataset/points.ts';
import { makePoints } from '../../../functions/dataset/xor.ts';

const specOf = (dataset: Partial<DatasetSpec>): DatasetSpec => specSchema.parse({ dataset }).dataset;

test('a label is the parity of the rounded coordinates, in any number of dimensions', () => {
  const specs = fc.record({
    dims: fc.integer({ min: 2, max: 64 }),
    seed: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    trainSize: fc.integer({ min: 1, max: 200 }),
  });
  fc.assert(
    fc.property(specs, fc.constantFrom(...SPLITS), (given, split) => {
      const { coordinates, labels } = makePoints(specOf(given), split);
      for (const [index, label] of labels.entries()) {
        const ones = coordinates.reduce((sum, column) => sum + Math.round(column[index] ?? Number.NaN), 0);
        assert.equal(label, ones % 2);
      }
    }),
    { numRuns: 50 },
  );
});

test('points lie inside the unit cube and never on the border between the classes', () => {
  const points = makePoints(specOf({ dims: 3, trainSize: 100_000 }), 'train');
  for (const column of points.coordinates) {
    assert.ok(column.every((value) => value > 0 && value < 1 && value !== 0.5));
  }
});

test('points are spread evenly and the classes are balanced', () => {
  for (const seed of [0, 1, 42, 2 ** 32 - 1]) {
    const points = makePoints(specOf({ dims: 2, trainSize: 100_000, seed }), 'train');
    assert.ok(Math.abs(balanceOf(points).ones / points.size - 0.5) < 0.01);
    // Sixteen equal cells: chi squared with 15 degrees of freedom is below 44 with probability 0.9999.
    const cells = new Array<number>(16).fill(0);
    const [x = [], y = []] = points.coordinates;
    for (let index = 0; index < points.size; index++) {
      const cell = Math.floor((x[index] ?? 0) * 4) * 4 + Math.floor((y[index] ?? 0) * 4);
      cells[cell] = (cells[cell] ?? 0) + 1;
    }
    const expected = points.size / 16;
    const chi = cells.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    assert.ok(chi < 44, `chi squared ${chi} for seed ${seed}`);
  }
});

test('the same spec gives the same points, another seed gives others', () => {
  assert.deepEqual(makePoints(specOf({}), 'train'), makePoints(specOf({}), 'train'));
  assert.notDeepEqual(makePoints(specOf({}), 'test'), makePoints(specOf({ seed: 43 }), 'test'));
});

test('the splits are independent: no point is shared, and the size of one does not change another', () => {
  const sizes = { trainSize: 1000, validationSize: 1000, testSize: 1000 };
  const splits = SPLITS.map((split) => makePoints(specOf(sizes), split));
  const seen = new Set(
    splits.flatMap(({ coordinates: [x = new Float32Array(), y = new Float32Array()] }) =>
      Array.from(x, (value, index) => `${value},${y[index]}`),
    ),
  );
  assert.equal(seen.size, 3000);
  assert.deepEqual(makePoints(specOf({ ...sizes, trainSize: 5 }), 'test'), splits[2]);
});

test('a smaller split is the beginning of a larger one', () => {
  const small = makePoints(specOf({ trainSize: 100 }), 'train');
  const large = makePoints(specOf({ trainSize: 1000 }), 'train');
  assert.deepEqual(
    large.coordinates.map((column) => column.slice(0, 100)),
    small.coordinates,
  );
});
