import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Evolution, evolve, sampleOf, startEvolution } from '../../../katib/algorithms/cmaes/evolution.ts';
import { populationOf, ratesOf } from '../../../katib/algorithms/cmaes/rates.ts';
import { firstRun, isOver, nextRun, type Run } from '../../../katib/algorithms/cmaes/restarts.ts';
import { randomOf } from '../../../katib/algorithms/random.ts';
import { sphere } from '../../support/evolution-functions.ts';

/** As many generations of points that follow the golden ratio, by a weighted sphere. */
function evolveBy(dimensions: number, population: number, generations: number): Evolution {
  let evolution = startEvolution(Array(dimensions).fill(0.5), 0.2, population);
  let drawn = 0;
  for (let generation = 0; generation < generations; generation++) {
    const solutions = Array.from({ length: population }, () => {
      const point = Array.from({ length: dimensions }, () => Number(((++drawn * 0.6180339887498949) % 1).toFixed(6)));
      return { point, loss: point.reduce((sum, x, j) => sum + (j + 1) * (x - 0.3) ** 2, 0) };
    });
    evolution = evolve(evolution, solutions);
  }
  return evolution;
}

function assertNear(actual: readonly number[], expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((value, i) => {
    assert.ok(Math.abs(value - (expected[i] ?? 0)) < 1e-12, `${value}, expected ${expected[i]}`);
  });
}

describe('update', () => {
  // Of the Python package cmaes 0.13.1, by the author of goptuna.
  test('four generations of 6 in 2 dimensions come out as with the package cmaes', () => {
    const evolution = evolveBy(2, 6, 4);
    assertNear([evolution.sigma], [0.14895633635382285]);
    assertNear(evolution.mean, [0.6012618027733962, 0.29768297409414657]);
    assertNear(evolution.pathSigma, [0.354694310611422, 0.28491902218436493]);
    assertNear(evolution.pathC, [0.22215250642361928, 0.5362915790115482]);
    assertNear(
      evolution.covariance.flat(),
      [0.5679971505146681, -0.012133077583752459, -0.012133077583752459, 0.8351671052214518],
    );
  });

  test('three generations of 9 in 5 dimensions come out as with the package cmaes', () => {
    const evolution = evolveBy(5, 9, 3);
    assertNear([evolution.sigma], [0.19616283937257714]);
    assertNear(
      evolution.mean,
      [0.7730258964216611, 0.39105989642166106, 0.23425868645667677, 0.627127896421661, 0.24516189642166106],
    );
    assertNear(
      evolution.pathC,
      [0.6988445787261794, -0.41395385121351813, -0.44598901491239284, 0.3888239825292882, -0.7239744474104097],
    );
    assertNear(
      evolution.covariance[2] ?? [],
      [-0.25587626706761823, 0.11997141946440608, 1.4080297678493379, -0.037980344446251, -0.07859055558768256],
    );
  });

  test('the weights of the best sum up to 1 and fall from the first to the last', () => {
    for (const dimensions of [2, 3, 10, 40]) {
      const { weights } = ratesOf(dimensions, populationOf(dimensions));
      const positive = weights.filter((weight) => weight > 0);
      assertNear([positive.reduce((sum, weight) => sum + weight, 0)], [1]);
      assert.deepEqual(
        weights,
        weights.toSorted((a, b) => b - a),
      );
    }
    assert.deepEqual([2, 3, 5, 10].map(populationOf), [6, 7, 8, 10]);
  });

  test('the axes and their lengths make up the covariance', () => {
    const { axes, covariance, lengths } = evolveBy(5, 9, 3);
    covariance.forEach((row, i) => {
      const made = row.map((_, j) =>
        lengths.reduce((sum, length, k) => sum + (axes[i]?.[k] ?? 0) * (axes[j]?.[k] ?? 0) * length ** 2, 0),
      );
      assertNear(made, row);
    });
  });

  test('samples of a distribution beyond the cube are cut off at its border', () => {
    const random = randomOf(1);
    const far = startEvolution([9, -9], 0.1, 6);
    assert.deepEqual(sampleOf(far, random), [1, 0]);
  });

  test('a function of one value leaves a distribution that is finite, for ever', () => {
    let evolution = startEvolution([0.5, 0.5], 0.2, 6);
    const random = randomOf(3);
    for (let i = 0; i < 3000; i++) {
      const points = Array.from({ length: 6 }, () => sampleOf(evolution, random));
      evolution = evolve(
        evolution,
        points.map((point) => ({ point, loss: 1 })),
      );
    }
    assert.ok([evolution.sigma, ...evolution.mean, ...evolution.covariance.flat()].every(Number.isFinite));
  });
});

describe('restarts', () => {
  /** A run until it is over. */
  function converge(run: Run, seed: number): Run {
    const random = randomOf(seed, 'samples');
    let { evolution } = run;
    while (!isOver(evolution)) {
      const points = Array.from({ length: evolution.rates.population }, () => sampleOf(evolution, random));
      evolution = evolve(
        evolution,
        points.map((point) => ({ point, loss: sphere(point) })),
      );
    }
    assertNear(
      evolution.mean.map((x) => Math.round(x * 1e4) / 1e4),
      evolution.mean.map(() => 0.7),
    );
    return { ...run, evolution };
  }

  test('IPOP doubles the population with every restart and starts anywhere', () => {
    let run = firstRun(2, 1 / 6);
    const sizes = [];
    const means = new Set<number | undefined>();
    for (let i = 0; i < 4; i++) {
      sizes.push(run.evolution.rates.population);
      means.add(run.evolution.mean[0]);
      run = nextRun(converge(run, i), 'ipop', randomOf(i));
    }
    assert.deepEqual(sizes, [6, 12, 24, 48]);
    assert.equal(means.size, 4);
    assert.equal(run.evolution.sigma, 1 / 6);
  });

  test('BIPOP restarts with a large population and, until these took as many samples, with small ones', () => {
    let run = firstRun(2, 1 / 6);
    const spent = { small: 0, large: 0 };
    let largest = 6;
    const kinds = [];
    for (let i = 0; i < 12; i++) {
      run = converge(run, i);
      const { population } = run.evolution.rates;
      spent[run.size] += population * run.evolution.age;
      const isSmall = spent.small < spent.large;
      run = nextRun(run, 'bipop', randomOf(i));
      kinds.push(run.size);
      assert.deepEqual(run.spent, spent);
      assert.equal(run.size, isSmall ? 'small' : 'large');
      if (run.size === 'large') {
        largest *= 2;
        assert.equal(run.evolution.rates.population, largest);
      } else assert.ok(run.evolution.rates.population >= 6 && run.evolution.rates.population <= largest);
    }
    assert.deepEqual(new Set(kinds), new Set(['small', 'large']));
  });
});
