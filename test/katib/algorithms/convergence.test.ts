import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Algorithm } from '../../../katib/algorithms/algorithm.ts';
import { multivariateTpe } from '../../../katib/algorithms/multivariate-tpe.ts';
import { randomSearch } from '../../../katib/algorithms/random-search.ts';
import { tpe } from '../../../katib/algorithms/tpe.ts';
import { bestOf, branin, hartmann6, rosenbrock, type StandardFunction } from '../../support/standard-functions.ts';
import { lessTest, medianOf } from '../../support/statistics.ts';

const SEEDS = 25;

const RACES: readonly (readonly [Algorithm, StandardFunction, number])[] = [
  [multivariateTpe, branin, 90],
  [multivariateTpe, rosenbrock, 250],
  [multivariateTpe, hartmann6, 60],
  [tpe, branin, 150],
  [tpe, rosenbrock, 250],
  [tpe, hartmann6, 90],
];

function results(algorithm: Algorithm, one: StandardFunction, trials: number): number[] {
  return Array.from({ length: SEEDS }, (_, seed) => bestOf(algorithm, one, trials, seed));
}

for (const [algorithm, one, trials] of RACES)
  test(`${algorithm.name} finds less of ${one.name} in ${trials} trials than random search does`, (context) => {
    const mine = results(algorithm, one, trials);
    const random = results(randomSearch, one, trials);
    const p = lessTest(mine, random);
    context.diagnostic(
      `medians above the minimum: ${medianOf(mine) - one.minimum} and ${medianOf(random) - one.minimum}, p = ${p}`,
    );
    assert.ok(p < 0.01, `p = ${p}`);
    assert.ok(Math.min(...mine) >= one.minimum - 1e-5);
  });
