import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Algorithm, Parameter, PastTrial, Search } from '../../../katib/algorithms/algorithm.ts';
import { multivariateTpe } from '../../../katib/algorithms/multivariate-tpe.ts';
import { randomOf } from '../../../katib/algorithms/random.ts';
import { drawAll } from '../../../katib/algorithms/random-search.ts';
import { normalMass } from '../../../katib/algorithms/tpe/normal.ts';
import { parzenOf } from '../../../katib/algorithms/tpe/parzen.ts';
import { forgettingWeights, splitByLoss } from '../../../katib/algorithms/tpe/split.ts';
import { tpe } from '../../../katib/algorithms/tpe.ts';
import { makeSearch } from '../../support/standard-functions.ts';
import { shareTest } from '../../support/statistics.ts';

const X: Parameter = { name: 'x', type: 'double', min: 0, max: 1, distribution: 'uniform' };
const Y: Parameter = { ...X, name: 'y' };
const UNIT = { isLog: false, mean: 0.5, deviation: 1, low: 0, high: 1 };

function trial(index: number, assignments: Record<string, string>, value?: number): PastTrial {
  return { index, assignments, labels: {}, state: value === undefined ? 'running' : 'succeeded', value };
}

/** Random trials of a search, with what a function makes of them. */
function past(search: Search, count: number, lossOf: (values: readonly number[]) => number): PastTrial[] {
  return Array.from({ length: count }, (_, index) => {
    const assignments = drawAll(search, randomOf(1, 'past', index));
    return trial(index, assignments, lossOf(search.parameters.map(({ name }) => Number(assignments[name]))));
  });
}

/** What the next trial is, for each of many seeds. */
function nexts(algorithm: Algorithm, search: Search, trials: readonly PastTrial[], count = 200) {
  return Array.from({ length: count }, (_, seed) => {
    const seeded = { ...search, settings: { ...search.settings, random_state: String(seed) } };
    return algorithm.suggest(seeded, trials, trials.length, 1)[0]?.assignments ?? {};
  });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const [middleA, middleB] = [mean(a), mean(b)];
  const product = (one: readonly number[], m: number, other: readonly number[], n: number) =>
    mean(one.map((value, i) => (value - m) * ((other[i] ?? 0) - n)));
  return product(a, middleA, b, middleB) / Math.sqrt(product(a, middleA, a, middleA) * product(b, middleB, b, middleB));
}

test('the probability between two points keeps its digits far out', () => {
  // mpmath: (erfc(a / sqrt(2)) - erfc(b / sqrt(2))) / 2
  for (const [from, to, expected] of [
    [-1, 1, 0.6826894921370859],
    [0, 0.001, 0.0003989422139110626],
    [8, 9, 6.21983198586583e-16],
    [-9, -8, 6.21983198586583e-16],
    [20, 21, 2.753624115326956e-89],
    [3, Number.POSITIVE_INFINITY, 0.0013498980316300946],
  ] as const)
    assert.ok(Math.abs(normalMass(from, to) / expected - 1) < 1e-12, `${from} to ${to}: ${normalMass(from, to)}`);
});

test('the good trials are the best ones, in the order in which they came', () => {
  const observed = [3, 1, 2, 1, 5].map((loss, i) => ({ loss, i }));
  const { below, above } = splitByLoss(observed, 3);
  assert.deepEqual(
    below.map(({ i }) => i),
    [1, 2, 3],
  );
  assert.deepEqual(
    above.map(({ i }) => i),
    [0, 4],
  );
  const equal = Array.from({ length: 40 }, (_, i) => ({ loss: 0, i }));
  assert.deepEqual(
    splitByLoss(equal, 30).below.map(({ i }) => i),
    Array.from({ length: 25 }, (_, i) => i),
  );
});

test('the newest 25 observations have full weight, older ones less and less', () => {
  assert.deepEqual(forgettingWeights(3), [1, 1, 1]);
  assert.deepEqual(forgettingWeights(26), [1 / 26, ...Array(25).fill(1)]);
  assert.deepEqual(forgettingWeights(28).slice(0, 4), [1 / 28, 1 / 28 + (1 - 1 / 28) / 2, 1, 1]);
});

test('a kernel of tpe is as wide as the wider gap to its neighbours, of which the prior is one', () => {
  assert.deepEqual(parzenOf([0.9, 0.2, 0.1], UNIT, 2), {
    weights: [1, 1, 2, 1],
    means: [0.1, 0.2, 0.5, 0.9],
    // The narrowest there may be is a fifth of the prior, as there are four kernels.
    deviations: [0.2, 0.3, 1, 0.4],
  });
  assert.deepEqual(parzenOf([0.7], UNIT, 1).deviations, [1, 0.5]);
  assert.deepEqual(parzenOf([], UNIT, 1), { weights: [1], means: [0.5], deviations: [1] });
});

test('tpe draws at random only while fewer trials have a value than are asked for', () => {
  const search = makeSearch([X]);
  const trials = past(search, 5, ([x = 0]) => (x - 0.5) ** 2);
  const random = (first: number, count: number) =>
    Array.from({ length: count }, (_, i) => ({ assignments: drawAll(search, randomOf(0, 'tpe', first + i)) }));
  assert.deepEqual(tpe.suggest(search, [], 0, 3), random(0, 3));
  assert.deepEqual(tpe.suggest(search, trials, 5, 6), random(5, 6));
  assert.notDeepEqual(tpe.suggest(search, trials, 5, 5), random(5, 5));
});

test('multivariate-tpe draws at random until n_startup_trials have a value, 10 unless told otherwise', () => {
  const search = makeSearch([X]);
  const trials = past(search, 10, ([x = 0]) => (x - 0.5) ** 2);
  const better = [...trials.slice(1), { ...trials[0], value: -1 } as PastTrial];
  // Only what learns from the values sees that another trial is the best one now.
  const learns = (settings: Record<string, string>, count: number) => {
    const [a, b] = [trials, better].map((all) =>
      multivariateTpe.suggest({ ...search, settings }, all.slice(-count), count, 1),
    );
    return JSON.stringify(a) !== JSON.stringify(b);
  };
  assert.equal(learns({}, 10), true);
  assert.equal(learns({ n_startup_trials: '11' }, 10), false);
  assert.equal(learns({ n_startup_trials: '10' }, 10), true);
  const nine = multivariateTpe.suggest(search, trials.slice(0, 9), 9, 1);
  assert.deepEqual(multivariateTpe.suggest(search, [], 9, 1), nine, 'with nine it is as with none');
  const ten = multivariateTpe.suggest(search, trials.slice(0, 9), 9, 1);
  assert.notDeepEqual(multivariateTpe.suggest(search, trials, 9, 1), ten);
});

test('while it draws at random, multivariate-tpe gives each int the same weight', () => {
  const search = makeSearch([{ name: 'x', type: 'int', min: 1, max: 4, distribution: 'uniform' }]);
  const drawn = multivariateTpe.suggest(search, [], 0, 4000).map(({ assignments }) => assignments.x);
  const counts = ['1', '2', '3', '4'].map((value) => drawn.filter((one) => one === value).length);
  assert.ok(shareTest(counts, Array(4).fill(0.25)) > 0.001, String(counts));
});

for (const algorithm of [tpe, multivariateTpe]) {
  test(`${algorithm.name} looks where it was good`, () => {
    const search = makeSearch([X, { name: 'kind', type: 'categorical', list: ['1', '2', '3', '4'] }]);
    const trials = past(search, 40, ([x = 0, kind = 0]) => Math.abs(x - 0.8) + 0.3 * Math.abs(kind - 2));
    const next = nexts(algorithm, search, trials);
    const near = next.filter(({ x }) => Math.abs(Number(x) - 0.8) < 0.15).length;
    const right = next.filter(({ kind }) => kind === '2').length;
    assert.ok(near > 120, `${near} of 200 near the best place, where 60 would be by chance`);
    assert.ok(right > 120, `${right} of 200 the best kind, where 50 would be by chance`);
  });

  test(`${algorithm.name} looks at less candidates where it is told to, and so nearer to chance`, () => {
    const search = makeSearch([X]);
    const trials = past(search, 40, ([x = 0]) => Math.abs(x - 0.2));
    const setting = algorithm === tpe ? 'n_EI_candidates' : 'n_ei_candidates';
    const far = (candidates: string) =>
      mean(
        nexts(algorithm, { ...search, settings: { [setting]: candidates } }, trials).map(({ x }) =>
          Math.abs(Number(x) - 0.2),
        ),
      );
    assert.ok(far('1') > 1.3 * far('24'), `${far('1')} against ${far('24')}`);
  });
}

test('tpe: with a larger gamma more trials are good, and with a larger prior_weight it roams more', () => {
  const search = makeSearch([X]);
  const trials = past(search, 100, ([x = 0]) => Math.abs(x - 0.2));
  const far = (settings: Record<string, string>) =>
    mean(
      nexts(tpe, { ...search, settings: { n_EI_candidates: '1', ...settings } }, trials).map(({ x }) =>
        Math.abs(Number(x) - 0.2),
      ),
    );
  assert.ok(far({ gamma: '0.99' }) < far({}), 'ten good ones instead of three leave less to the prior');
  assert.ok(far({ prior_weight: '20' }) > far({}));
});

test('tpe knows nothing of running trials, multivariate-tpe keeps away from them', () => {
  const search = makeSearch([X]);
  const trials = past(search, 20, ([x = 0]) => Math.abs(x - 0.3));
  const running = Array.from({ length: 8 }, (_, i) => trial(20 + i, { x: String(0.28 + 0.005 * i) }));
  const near = (algorithm: Algorithm, more: readonly PastTrial[]) =>
    nexts(algorithm, search, [...trials, ...more]).filter(({ x }) => Math.abs(Number(x) - 0.3) < 0.1).length;
  assert.deepEqual(tpe.suggest(search, [...trials, ...running], 28, 3), tpe.suggest(search, trials, 28, 3));
  const [alone, crowded] = [near(multivariateTpe, []), near(multivariateTpe, running)];
  assert.ok(crowded < alone / 2, `${crowded} of 200 are near the running ones, ${alone} without these`);
});

test('of two parameters that have to be equal, multivariate-tpe tries equal ones, tpe each for itself', () => {
  const search = makeSearch([X, Y]);
  const trials = past(search, 150, ([x = 0, y = 0]) => Math.abs(x - y));
  const together = (algorithm: Algorithm) => {
    const next = nexts(algorithm, search, trials);
    return correlation(
      next.map(({ x }) => Number(x)),
      next.map(({ y }) => Number(y)),
    );
  };
  const [joint, alone] = [together(multivariateTpe), together(tpe)];
  assert.ok(joint > 0.5, `correlation ${joint} of multivariate-tpe`);
  assert.ok(Math.abs(alone) < 0.3, `correlation ${alone} of tpe`);
});

test('trials of another space, such as those before a value was taken from a list, are passed over', () => {
  const list: Parameter = { name: 'kind', type: 'categorical', list: ['1', '2'] };
  const search = makeSearch([X, list]);
  const trials = past(search, 20, ([x = 0]) => x);
  const foreign = [
    trial(20, { x: '0.5', kind: '3' }, -1),
    trial(21, { x: 'wide', kind: '1' }, -1),
    trial(22, { kind: '1' }, -1),
  ];
  for (const algorithm of [tpe, multivariateTpe])
    assert.deepEqual(
      algorithm.suggest(search, [...trials, ...foreign], 23, 2),
      algorithm.suggest(search, trials, 23, 2),
      algorithm.name,
    );
});

test('parameters with one value have it, and leave the others as they are', () => {
  const one: readonly Parameter[] = [
    { name: 'a', type: 'categorical', list: ['only'] },
    { name: 'b', type: 'int', min: 3, max: 3, distribution: 'uniform' },
  ];
  const trials = past(makeSearch([X]), 20, ([x = 0]) => x);
  const wider = trials.map((past) => ({ ...past, assignments: { a: 'only', b: '3', ...past.assignments } }));
  const [plain] = multivariateTpe.suggest(makeSearch([X]), trials, 20, 1);
  const [more] = multivariateTpe.suggest(makeSearch([...one, X]), wider, 20, 1);
  assert.deepEqual(more?.assignments, { a: 'only', b: '3', ...plain?.assignments });
  const [single] = multivariateTpe.suggest(makeSearch(one), wider, 20, 1);
  assert.deepEqual(single?.assignments, { a: 'only', b: '3' });
});
