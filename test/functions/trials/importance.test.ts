import assert from 'node:assert/strict';
import { test } from 'node:test';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { growForest } from '../../../functions/trials/forest.ts';
import { importancesOf, MIN_TRIALS, variancesOf } from '../../../functions/trials/importance.ts';
import type { Search } from '../../../functions/trials/search.ts';

type Assign = (random: () => number) => Record<string, string | number>;

/** A search whose objective is a known function of what was drawn. */
function searchFor(
  trials: number,
  assign: Assign,
  value: (assigned: Record<string, string | number>) => number,
): Search {
  const generator = xoroshiro128plus(11);
  const random = () => (generator.next() >>> 0) / 2 ** 32;
  return {
    experiment: 'known',
    objective: { metric: 'loss', type: 'minimize' },
    trials: Array.from({ length: trials }, (_, index) => {
      const assigned = assign(random);
      return {
        name: `known-${index}`,
        number: index + 1,
        status: 'succeeded',
        assignments: Object.fromEntries(Object.entries(assigned).map(([name, text]) => [name, String(text)])),
        value: value(assigned),
        metrics: {},
      };
    }),
  };
}

function sharesOf(search: Search): Record<string, number> {
  const importances = importancesOf(search);
  assert.ok(importances);
  return Object.fromEntries(importances.parameters.map(({ parameter, share }) => [parameter, share]));
}

const near = (actual: number | undefined, expected: number, tolerance: number) =>
  assert.ok(actual !== undefined && Math.abs(actual - expected) <= tolerance, `${actual}, expected about ${expected}`);

const two: Assign = (random) => ({ x0: random(), x1: random() });

test('of a sum each term has the share of its variance: 100 to 1 for x0 + 0.1 x1', () => {
  const shares = sharesOf(searchFor(300, two, ({ x0, x1 }) => Number(x0) + 0.1 * Number(x1)));
  near(shares.x0, 100 / 101, 0.008);
  near(shares.x1, 1 / 101, 0.008);
});

test('of 2 x0 + x1 four fifths are due to x0', () => {
  const shares = sharesOf(searchFor(300, two, ({ x0, x1 }) => 2 * Number(x0) + Number(x1)));
  near(shares.x0, 0.8, 0.04);
});

test('a hyperparameter that does nothing has next to no share', () => {
  const assign: Assign = (random) => ({ idle: random(), x0: random(), also_idle: random() < 0.5 ? 'a' : 'b' });
  const shares = sharesOf(searchFor(100, assign, ({ x0 }) => Math.sin(6 * Number(x0))));
  assert.ok((shares.idle ?? 1) < 0.01 && (shares.also_idle ?? 1) < 0.01, JSON.stringify(shares));
});

test('of names each counts for itself, whatever their order', () => {
  const assign: Assign = (random) => ({ kind: 'abc'.charAt(Math.floor(random() * 3)), x0: random() });
  // The values 0, 3, 0 have the variance 2, and x0 has 1/12.
  const shares = sharesOf(searchFor(200, assign, ({ kind, x0 }) => (kind === 'b' ? 3 : 0) + Number(x0)));
  near(shares.kind, 2 / (2 + 1 / 12), 0.02);
});

test('a number over many powers of ten is taken by its logarithm', () => {
  const assign: Assign = (random) => ({ rate: 10 ** (-5 + 4 * random()), x1: random() });
  const shares = sharesOf(searchFor(300, assign, ({ rate, x1 }) => Math.log10(Number(rate)) / 4 + Number(x1)));
  near(shares.rate, 0.5, 0.06);
});

test('two that do nothing are equals: the one that is named first has no more than the other', () => {
  const noise = xoroshiro128plus(9);
  const value = () => (noise.next() >>> 0) / 2 ** 32;
  // The same places for both, and each of them named first in half of the searches.
  const swapped: Assign = (random) => {
    const x0 = random();
    return { x1: random(), x0 };
  };
  const shares = Array.from({ length: 40 }, () => [
    sharesOf(searchFor(12, two, value)).x0 ?? 0,
    sharesOf(searchFor(12, swapped, value)).x1 ?? 0,
  ]).flat();
  near(shares.reduce((sum, share) => sum + share, 0) / shares.length, 0.5, 0.06);
});

test('shares sum to 1, the largest comes first, and the same trials give the same shares', () => {
  const search = searchFor(
    40,
    (random) => ({ ...two(random), x2: random() }),
    ({ x0, x1, x2 }) => Number(x1) * Number(x2) + Number(x0),
  );
  const importances = importancesOf(search);
  const shares = importances?.parameters.map(({ share }) => share) ?? [];
  near(
    shares.reduce((sum, share) => sum + share, 0),
    1,
    1e-12,
  );
  assert.deepEqual(
    shares,
    shares.toSorted((a, b) => b - a),
  );
  assert.deepEqual(importancesOf(search), importances);
});

test('how much the forest tells of what it has not seen is nearly all of a smooth function and nothing of noise', () => {
  const smooth = importancesOf(searchFor(200, two, ({ x0, x1 }) => Number(x0) + Number(x1)));
  assert.ok((smooth?.explained ?? 0) > 0.95, String(smooth?.explained));
  const noise = xoroshiro128plus(3);
  const random = importancesOf(searchFor(200, two, () => (noise.next() >>> 0) / 2 ** 32));
  assert.ok((random?.explained ?? 1) < 0.1, String(random?.explained));
});

test('there is nothing to tell of few trials, of equal values, or of one hyperparameter', () => {
  const value = ({ x0 }: Record<string, string | number>) => Number(x0);
  assert.equal(importancesOf(searchFor(MIN_TRIALS - 1, two, value)), undefined);
  assert.ok(importancesOf(searchFor(MIN_TRIALS, two, value)));
  assert.equal(importancesOf(searchFor(20, two, () => 0.5)), undefined);
  assert.equal(importancesOf(searchFor(20, (random) => ({ x0: random(), same: 16 }), value)), undefined);
});

test('the variance of a tree is taken apart exactly', () => {
  // 4 where both are high, else 0: the mean is 1, the variance 3, and along each axis the means are 0 and 2.
  const leaves = [
    { low: [0, 0], high: [0.5, 1], value: 0 },
    { low: [0.5, 0], high: [1, 0.5], value: 0 },
    { low: [0.5, 0.5], high: [1, 1], value: 4 },
  ];
  assert.deepEqual(variancesOf(leaves, 2), { total: 3, alone: [1, 1] });
});

test('the leaves of a tree fill the cube, and no cell of a list is cut', () => {
  const generator = xoroshiro128plus(5);
  const draw = (count: number) => (generator.next() >>> 0) % count;
  const cells = Array.from({ length: 60 }, () => draw(3));
  const columns = [
    { levels: 3, values: cells.map((cell) => (cell + 0.5) / 3) },
    { levels: 0, values: cells.map(() => draw(1000) / 1000) },
  ];
  const { trees } = growForest(
    columns,
    cells.map(() => draw(100)),
  );
  for (const leaves of trees) {
    const volumes = leaves.map(({ low, high }) =>
      low.reduce((volume, from, axis) => volume * ((high[axis] ?? 0) - from), 1),
    );
    near(
      volumes.reduce((sum, volume) => sum + volume, 0),
      1,
      1e-9,
    );
    for (const { low, high } of leaves) {
      for (const border of [low[0] ?? -1, high[0] ?? -1]) near((border * 3) % 1, 0, 1e-9);
    }
  }
});
