import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Parameter, Search } from '../../../katib/algorithms/algorithm.ts';
import { grid } from '../../../katib/algorithms/grid.ts';
import { permute } from '../../../katib/algorithms/permutation.ts';
import { makeSearch } from '../../support/standard-functions.ts';
import { shareTest } from '../../support/statistics.ts';

const PARAMETERS: readonly Parameter[] = [
  { name: 'hidden', type: 'int', min: 2, max: 8, step: 2, distribution: 'uniform' },
  { name: 'rate', type: 'double', min: 0.1, max: 0.5, step: 0.1, distribution: 'logUniform' },
  { name: 'activation', type: 'categorical', list: ['tanh', 'relu'] },
];

function seeded(seed: number, more: Partial<Search> = {}): Search {
  return makeSearch(PARAMETERS, { settings: { random_state: String(seed) }, ...more });
}

function keys(search: Search, first: number, count: number): string[] {
  return grid.suggest(search, [], first, count).map(({ assignments }) => JSON.stringify(assignments));
}

test('every combination is suggested once, however they are asked for, and then nothing more', () => {
  const all = keys(seeded(3), 0, 40);
  assert.equal(new Set(all).size, 40);
  assert.deepEqual(new Set(all), new Set(keys(seeded(4), 0, 40)), 'another seed has the same combinations');
  const parts = [keys(seeded(3), 0, 7), keys(seeded(3), 7, 30), keys(seeded(3), 37, 9)];
  assert.deepEqual(parts.flat(), all);
  assert.equal(parts[2]?.length, 3, 'fewer than asked for, as there are no more');
  assert.deepEqual(keys(seeded(3), 40, 3), []);
  assert.deepEqual(keys(seeded(3), 1000, 3), []);
});

test('steps of a double are the decimal numbers that they are meant to be', () => {
  const rates = new Set(grid.suggest(seeded(0), [], 0, 40).map(({ assignments }) => assignments.rate));
  assert.deepEqual([...rates].sort(), ['0.1', '0.2', '0.3', '0.4', '0.5']);
});

test('over all seeds each combination is as likely to be the first, and to be the last', () => {
  for (const at of [0, 39]) {
    const found = new Map<string, number>();
    for (let seed = 0; seed < 4000; seed++) {
      const [key = ''] = keys(seeded(seed), at, 1);
      found.set(key, (found.get(key) ?? 0) + 1);
    }
    assert.equal(found.size, 40);
    assert.ok(shareTest([...found.values()], Array(40).fill(1 / 40)) > 0.001, `at ${at}`);
  }
});

test('neighbours in the order are no neighbours in the grid', () => {
  const order = Array.from({ length: 2000 }, (_, i) => Number(permute(BigInt(i), 2000n, 5)));
  const gaps = order.slice(1).map((value, i) => (value - (order[i] ?? 0) + 2000) % 2000);
  const quarters = [0, 1, 2, 3].map((quarter) => gaps.filter((gap) => Math.floor(gap / 500) === quarter).length);
  assert.ok(shareTest(quarters, [0.25, 0.25, 0.25, 0.25]) > 0.001, String(quarters));
});

test('a shuffle has every number once, whatever its size', () => {
  for (const count of [1, 2, 3, 5, 16, 17, 100, 257]) {
    const order = Array.from({ length: count }, (_, i) => permute(BigInt(i), BigInt(count), 9));
    assert.equal(new Set(order).size, count);
    assert.ok(order.every((value) => value >= 0n && value < BigInt(count)));
  }
});

test('a grid of more combinations than a double can count is no more work', () => {
  const parameters = Array.from(
    { length: 12 },
    (_, i): Parameter => ({ name: `x${i}`, type: 'int', min: 1, max: 100_000, distribution: 'uniform' }),
  );
  const search = makeSearch(parameters, { maxTrialCount: 1000 });
  assert.deepEqual(grid.validate(search), []);
  const all = grid.suggest(search, [], 0, 1000);
  assert.equal(new Set(all.map(({ assignments }) => JSON.stringify(assignments))).size, 1000);
  for (const { name } of parameters) {
    const tenths = Array.from(
      { length: 10 },
      (_, i) => all.filter(({ assignments }) => Math.ceil(Number(assignments[name]) / 10_000) === i + 1).length,
    );
    assert.ok(shareTest(tenths, Array(10).fill(0.1)) > 0.001, `${name}: ${tenths}`);
  }
});

test('more trials than combinations are refused', () => {
  assert.deepEqual(grid.validate(seeded(0, { maxTrialCount: 40 })), []);
  assert.deepEqual(grid.validate(seeded(0)), [], 'no limit is none');
  assert.deepEqual(grid.validate(seeded(0, { maxTrialCount: 41 })), [
    'Wrong value 41 at spec.maxTrialCount: expected at most 40, the number of combinations',
  ]);
});
