import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Parameter, Search } from '../../../katib/algorithms/algorithm.ts';
import { randomSearch } from '../../../katib/algorithms/random-search.ts';
import { MAX_DIMENSIONS, sobolPoint } from '../../../katib/algorithms/sobol/sequence.ts';
import { sobol } from '../../../katib/algorithms/sobol.ts';
import { makeSearch } from '../../support/standard-functions.ts';

const ALL = Array.from({ length: MAX_DIMENSIONS }, (_, i) => i);

/** scipy.stats.qmc.Sobol(d=22, scramble=False).fast_forward(n).random(1), times 2^10, of SciPy 1.17. */
const POINTS: Readonly<Record<number, readonly number[]>> = {
  0: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
  1: [512, 512, 512, 512, 512, 512, 512, 512, 512, 512, 512, 512, 512, 512, 512, 512, 512, 512, 512, 512, 512, 512],
  2: [768, 256, 256, 256, 768, 768, 256, 768, 768, 768, 768, 768, 256, 256, 768, 256, 768, 256, 768, 256, 256, 768],
  7: [128, 640, 384, 128, 128, 384, 640, 640, 640, 896, 640, 128, 640, 384, 128, 128, 128, 128, 640, 896, 896, 384],
  100: [424, 264, 792, 744, 904, 760, 24, 488, 648, 712, 472, 696, 488, 872, 328, 504, 696, 760, 856, 344, 776, 408],
  777: [709, 959, 167, 281, 651, 365, 195, 781, 357, 331, 763, 713, 393, 485, 583, 527, 413, 885, 379, 771, 243, 279],
};

/** Parameters in another order than that of their names. */
const MIXED: readonly Parameter[] = [
  { name: 'd', type: 'int', min: 1, max: 9, step: 2, distribution: 'uniform' },
  { name: 'a', type: 'double', min: 1, max: 2, distribution: 'logUniform' },
  { name: 'c', type: 'int', min: 2, max: 16, distribution: 'uniform' },
  { name: 'e', type: 'categorical', list: ['x', 'y', 'z'] },
  { name: 'b', type: 'double', min: 0, max: 1, step: 0.25, distribution: 'uniform' },
];

function box(count: number): Search {
  return makeSearch(
    Array.from({ length: count }, (_, i) => ({
      name: `x${String.fromCharCode(97 + i)}`,
      type: 'double',
      min: 0,
      max: 1,
      distribution: 'uniform',
    })),
  );
}

/** The squared L2 star discrepancy of points of the unit cube, by Warnock's formula. */
function discrepancy(points: readonly (readonly number[])[]): number {
  const size = points.length;
  const dimensions = points[0]?.length ?? 0;
  const single = points.reduce((sum, point) => sum + point.reduce((product, x) => (product * (1 - x ** 2)) / 2, 1), 0);
  const pairs = points.reduce(
    (sum, a) =>
      sum +
      points.reduce((part, b) => part + a.reduce((product, x, i) => product * (1 - Math.max(x, b[i] ?? 0)), 1), 0),
    0,
  );
  return 3 ** -dimensions - (2 * single) / size + pairs / size ** 2;
}

test('points are those of the Sobol sequence with the numbers of Joe and Kuo', () => {
  for (const [index, coordinates] of Object.entries(POINTS))
    assert.deepEqual(
      sobolPoint(Number(index), ALL).map((x) => x * 2 ** 10),
      coordinates,
      `point ${index}`,
    );
});

test('any 2^k points from a multiple of 2^k on have one coordinate in each of 2^k equal parts of every dimension', () => {
  for (const start of [0, 256, 7 * 256])
    for (const dimension of ALL) {
      const parts = Array.from({ length: 256 }, (_, i) =>
        Math.floor((sobolPoint(start + i, [dimension])[0] ?? 0) * 256),
      );
      assert.equal(new Set(parts).size, 256, `dimension ${dimension} from ${start}`);
    }
});

test('what goptuna 0.8 makes of the first eight points is suggested, by the order of the names', () => {
  const rows = sobol
    .suggest(makeSearch(MIXED), [], 0, 8)
    .map(({ assignments }) => ['a', 'b', 'c', 'd', 'e'].map((name) => assignments[name]));
  // What SampleRelative of sobol.NewSampler() gives for the same space as Katib converts it.
  assert.deepEqual(rows, [
    ['1.5', '0.5', '9', '5', 'y'],
    ['1.75', '0.25', '5', '7', 'z'],
    ['1.25', '0.75', '12', '3', 'x'],
    ['1.375', '0.75', '14', '3', 'x'],
    ['1.875', '0', '7', '7', 'y'],
    ['1.625', '1', '10', '5', 'z'],
    ['1.125', '0.25', '3', '1', 'y'],
    ['1.1875', '1', '8', '5', 'x'],
  ]);
});

test('as in goptuna an int never takes its max, while the steps of a double and the values of a list share alike', () => {
  const parameters: readonly Parameter[] = [
    { name: 'a', type: 'int', min: 1, max: 5, distribution: 'uniform' },
    { name: 'b', type: 'double', min: 0, max: 0.75, step: 0.25, distribution: 'uniform' },
    { name: 'c', type: 'discrete', list: ['1', '2', '4', '8'] },
  ];
  const all = sobol.suggest(makeSearch(parameters), [], 255, 256);
  const countsOf = (name: string, values: readonly string[]) =>
    values.map((value) => all.filter(({ assignments }) => assignments[name] === value).length);
  assert.deepEqual(countsOf('a', ['1', '2', '3', '4', '5']), [64, 64, 64, 64, 0]);
  assert.deepEqual(countsOf('b', ['0', '0.25', '0.5', '0.75']), [64, 64, 64, 64]);
  assert.deepEqual(countsOf('c', ['1', '2', '4', '8']), [64, 64, 64, 64]);
});

test('points fill the cube more evenly than random ones, with every number of parameters', () => {
  for (const dimensions of [1, 2, 3, 5]) {
    const pointsOf = (suggestions: ReturnType<typeof sobol.suggest>) =>
      suggestions.map(({ assignments }) => Object.values(assignments).map(Number));
    const even = discrepancy(pointsOf(sobol.suggest(box(dimensions), [], 0, 128)));
    for (let seed = 0; seed < 20; seed++) {
      const search = { ...box(dimensions), settings: { random_state: String(seed) } };
      const random = discrepancy(pointsOf(randomSearch.suggest(search, [], 0, 128)));
      assert.ok(even < random, `${dimensions} parameters, seed ${seed}: ${even} < ${random}`);
    }
  }
});

test('more parameters than there are dimensions are refused', () => {
  assert.deepEqual(sobol.validate(box(21)), []);
  assert.equal(new Set(Object.values(sobol.suggest(box(21), [], 4, 1)[0]?.assignments ?? {})).size > 2, true);
  assert.deepEqual(sobol.validate(box(22)), ['Too many parameters (22) at spec.parameters: sobol takes up to 21']);
});
