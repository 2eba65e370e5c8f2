import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Distribution, NumericParameter, Parameter } from '../../../katib/algorithms/algorithm.ts';
import { randomSearch } from '../../../katib/algorithms/random-search.ts';
import { normalMass } from '../../../katib/algorithms/tpe/normal.ts';
import { makeSearch } from '../../support/standard-functions.ts';
import { distributionTest, shareTest } from '../../support/statistics.ts';

/**
 * The seed is fixed, so the verdict is the same every time. A right distribution would be refused for one seed in a
 * thousand; each test shows beside it that the nearest wrong one is refused with less than a millionth.
 */
const DOUBT = 0.001;
const CERTAIN = 1e-6;

function draw(parameter: Parameter, count = 4000): string[] {
  return randomSearch
    .suggest(makeSearch([parameter]), [], 0, count)
    .map(({ assignments }) => assignments[parameter.name] ?? '');
}

function double(min: number, max: number, distribution: Distribution): NumericParameter {
  return { name: 'x', type: 'double', min, max, distribution };
}

function counts(texts: readonly string[], values: readonly (string | number)[]): number[] {
  return values.map((value) => texts.filter((text) => text === String(value)).length);
}

/** The share of a standard normal variable below `z`. */
const below = (z: number) => normalMass(Number.NEGATIVE_INFINITY, z);

test('a uniform double is as likely anywhere between its bounds', () => {
  const drawn = draw(double(-3, 5, 'uniform')).map(Number);
  assert.ok(distributionTest(drawn, (x) => (x + 3) / 8) > DOUBT);
  assert.ok(distributionTest(drawn, (x) => ((x + 3) / 8) ** 1.2) < CERTAIN);
});

test('a logUniform double is as likely in each decade', () => {
  const drawn = draw(double(0.001, 10, 'logUniform')).map(Number);
  assert.ok(distributionTest(drawn, (x) => Math.log(x / 0.001) / Math.log(10_000)) > DOUBT);
  assert.ok(distributionTest(drawn, (x) => x / 10) < CERTAIN);
});

test('a normal double has its mean in the middle, three standard deviations from each bound', () => {
  const drawn = draw(double(2, 8, 'normal')).map(Number);
  assert.ok(distributionTest(drawn, (x) => below(x - 5)) > DOUBT);
  assert.ok(distributionTest(drawn, (x) => below((x - 5) / 1.2)) < CERTAIN);
});

test('a normal double that would be outside is set back to the bound: 0.135 % at each end', () => {
  const texts = draw(double(2, 8, 'normal'), 20_000);
  const [low = 0, high = 0] = counts(texts, [2, 8]);
  const share = below(-3);
  assert.ok(shareTest([low, high, texts.length - low - high], [share, share, 1 - 2 * share]) > DOUBT, `${low} ${high}`);
});

test('a logNormal double is normal in its logarithm', () => {
  const drawn = draw(double(0.01, 100, 'logNormal')).map(Number);
  const deviation = Math.log(10_000) / 6;
  assert.ok(distributionTest(drawn, (x) => below(Math.log(x) / deviation)) > DOUBT);
  assert.ok(distributionTest(drawn, (x) => below((x - 50) / (100 / 6))) < CERTAIN);
});

test('the ends of a uniform int, and of a double with steps, have half the weight of what is between', () => {
  const values = [0, 1, 2, 3, 4];
  const halves = [1 / 8, 1 / 4, 1 / 4, 1 / 4, 1 / 8];
  const equal = [0.2, 0.2, 0.2, 0.2, 0.2];
  const ints = counts(draw({ ...double(0, 4, 'uniform'), type: 'int' }), values);
  assert.ok(shareTest(ints, halves) > DOUBT, String(ints));
  assert.ok(shareTest(ints, equal) < CERTAIN);
  const steps = counts(draw({ ...double(0.5, 1.5, 'uniform'), step: 0.25 }), [0.5, 0.75, 1, 1.25, 1.5]);
  assert.ok(shareTest(steps, halves) > DOUBT, String(steps));
  assert.ok(shareTest(steps, equal) < CERTAIN);
});

test('steps start at the min, also where it is no multiple of the step', () => {
  const drawn = counts(draw({ ...double(1, 7, 'uniform'), type: 'int', step: 2 }), [1, 3, 5, 7]);
  assert.ok(shareTest(drawn, [1 / 6, 1 / 3, 1 / 3, 1 / 6]) > DOUBT, String(drawn));
});

test('a logUniform int is a logUniform double, rounded', () => {
  const drawn = counts(draw({ ...double(1, 6, 'logUniform'), type: 'int' }), [1, 2, 3, 4, 5, 6]);
  const edges = [1, 1.5, 2.5, 3.5, 4.5, 5.5, 6];
  const shares = drawn.map((_, i) => Math.log((edges[i + 1] ?? 0) / (edges[i] ?? 1)) / Math.log(6));
  assert.ok(shareTest(drawn, shares) > DOUBT, String(drawn));
});

test('a normal int is a normal double, rounded', () => {
  const drawn = counts(draw({ ...double(0, 6, 'normal'), type: 'int' }), [0, 1, 2, 3, 4, 5, 6]);
  const shares = drawn.map((_, i) => (i === 6 ? 1 : below(i + 0.5 - 3)) - (i === 0 ? 0 : below(i - 0.5 - 3)));
  assert.ok(shareTest(drawn, shares) > DOUBT, String(drawn));
});

for (const type of ['categorical', 'discrete'] as const) {
  test(`each value of a ${type} list is as likely`, () => {
    const list = ['8', '16', '32'];
    const drawn = counts(draw({ name: 'x', type, list }), list);
    assert.ok(shareTest(drawn, [1 / 3, 1 / 3, 1 / 3]) > DOUBT, String(drawn));
    assert.ok(shareTest(drawn, [1 / 4, 1 / 2, 1 / 4]) < CERTAIN);
  });
}

test('parameters know nothing of each other', () => {
  const search = makeSearch([double(0, 1, 'uniform'), { ...double(0, 1, 'uniform'), name: 'y' }]);
  const sums = randomSearch
    .suggest(search, [], 0, 4000)
    .map(({ assignments }) => Number(assignments.x) + Number(assignments.y));
  assert.ok(distributionTest(sums, (s) => (s < 1 ? s ** 2 / 2 : 1 - (2 - s) ** 2 / 2)) > DOUBT);
});
