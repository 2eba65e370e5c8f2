import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Parameter, PastTrial, Search } from '../../../katib/algorithms/algorithm.ts';
import { bayesianoptimization } from '../../../katib/algorithms/bayesian/bayesian.ts';
import { randomOf } from '../../../katib/algorithms/random.ts';
import {
  bestAtRandom,
  bestOf,
  branin,
  hartmann,
  isFeasible,
  mannWhitney,
  medianOf,
  playSearch,
  searchOver,
  sphere,
} from '../../support/evolution-functions.ts';

/** Between 1 and 10, where a logarithm to the base of 10 is between 0 and 1. */
const logarithms = (assignments: Readonly<Record<string, string>>) =>
  Object.values(assignments).map((text) => Math.log10(Number(text)));
const over = (dimensions: number, settings: Readonly<Record<string, string>> = {}) =>
  searchOver(dimensions, [1, 10], settings);

describe('search', () => {
  const seeds = Array.from({ length: 10 }, (_, seed) => seed);

  test("it finds smaller values of Branin's function in 40 trials than as many at random (p < 0.01), mostly below 0.41", () => {
    const found = seeds.map((seed) => {
      const search = over(2, { random_state: String(seed) });
      return bestOf(playSearch(bayesianoptimization, search, (a) => branin(logarithms(a)), { budget: 40, seed }));
    });
    const random = seeds.map((seed) => bestAtRandom(branin, 2, 40, randomOf(seed, 'random')));
    assert.ok(mannWhitney(found, random) > 2.326, JSON.stringify([found, random]));
    assert.ok(medianOf(found) < 0.41, `${medianOf(found)}, of which 0.398 is the minimum`);
  });

  test("it finds smaller values of Hartmann's function in 45 trials, three at once, than at random (p < 0.01)", () => {
    const found = seeds.map((seed) => {
      const search = over(6, { random_state: String(seed) });
      const play = { budget: 45, parallel: 3, seed };
      return bestOf(playSearch(bayesianoptimization, search, (a) => hartmann(logarithms(a)), play));
    });
    const random = seeds.map((seed) => bestAtRandom(hartmann, 6, 45, randomOf(seed, 'random')));
    assert.ok(mannWhitney(found, random) > 2.326, JSON.stringify([found, random]));
    assert.ok(medianOf(found) < -2.9, `${medianOf(found)}, of which -3.322 is the minimum`);
  });

  for (const acq_func of ['EI', 'LCB', 'PI'])
    for (const acq_optimizer of ['sampling', 'lbfgs'])
      test(`${acq_func} with ${acq_optimizer} comes near the minimum of a sphere of 3 variables`, () => {
        const search = over(3, { acq_func, acq_optimizer, n_initial_points: '5' });
        const trials = playSearch(bayesianoptimization, search, (a) => sphere(logarithms(a)), { budget: 25 });
        assert.ok(bestOf(trials) < 0.005, `${bestOf(trials)}`);
        assert.deepEqual(
          trials.map(({ labels }) => labels.acquisition),
          [...Array(5).fill(undefined), ...Array(20).fill(acq_func)],
        );
      });

  test('gp_hedge takes all three, and more often the one whose suggestions were better', () => {
    const names = (trials: readonly PastTrial[]) => {
      const chosen = Array.from({ length: 150 }, (_, i) =>
        bayesianoptimization.suggest(
          { ...over(1), settings: { random_state: String(i), n_initial_points: '0' } },
          trials,
          9,
          1,
        ),
      );
      return (name: string) => chosen.filter(([suggestion]) => suggestion?.labels?.acquisition === name).length;
    };
    const trials = ['EI', 'LCB', 'PI', 'EI', 'LCB', 'PI', 'EI', 'LCB', 'PI'].map((acquisition, index): PastTrial => {
      const assignments = { x0: String(1 + index) };
      return { index, assignments, labels: { acquisition }, state: 'succeeded', value: acquisition === 'LCB' ? 1 : 2 };
    });
    const count = names(trials);
    assert.ok(count('EI') > 5 && count('PI') > 5 && count('LCB') > 2 * count('EI') && count('LCB') > 2 * count('PI'));
  });

  test('it maximizes as well as it minimizes', () => {
    const play = (objective: 'minimize' | 'maximize', sign: number) =>
      playSearch(bayesianoptimization, { ...over(2), objective }, (a) => sign * sphere(logarithms(a)), { budget: 20 });
    assert.deepEqual(
      play('maximize', -1).map(({ assignments }) => assignments),
      play('minimize', 1).map(({ assignments }) => assignments),
    );
  });

  test('a list that matters is learned from, beside numbers', () => {
    const search: Search = {
      ...over(1),
      parameters: [
        { name: 'activation', type: 'categorical', list: ['tanh', 'relu', 'sigmoid', 'linear'] },
        { name: 'hidden', type: 'int', min: 1, max: 30, distribution: 'uniform' },
        ...over(1).parameters,
      ],
    };
    const trials = playSearch(
      bayesianoptimization,
      search,
      ({ activation, hidden, x0 }) =>
        (activation === 'relu' ? 0 : 1) + sphere([Number(hidden) / 30, Math.log10(Number(x0))]),
      { budget: 40, parallel: 2 },
    );
    const late = trials.slice(-15).filter(({ assignments }) => assignments.activation === 'relu').length;
    assert.ok(late >= 10, `${late} of 15`);
    assert.ok(bestOf(trials) < 0.002, `${bestOf(trials)}`);
  });
});

describe('batches and order', () => {
  for (const parallel of [1, 3, 7])
    test(`a search with ${parallel} at once, ending in any order, some failing, gets to its end`, () => {
      const trials = playSearch(bayesianoptimization, over(2), (a) => sphere(logarithms(a)), {
        budget: 24,
        parallel,
        failing: 0.2,
      });
      assert.equal(trials.length, 24);
      assert.equal(new Set(trials.map(({ assignments }) => JSON.stringify(assignments))).size, 24);
    });

  test('a search of which every trial fails goes on at random', () => {
    const trials = playSearch(bayesianoptimization, over(2), () => 0, { budget: 30, parallel: 4, failing: 1 });
    assert.equal(trials.length, 30);
    assert.ok(trials.every(({ labels }) => labels.acquisition === undefined));
  });

  test('a batch is what as many calls one by one give, with the ones before it running', () => {
    const search = over(2);
    const trials = playSearch(bayesianoptimization, search, (a) => sphere(logarithms(a)), { budget: 8 });
    // Two more at random, then by the model.
    const batch = bayesianoptimization.suggest(search, trials, 8, 5);
    const known = [...trials];
    const single = batch.map((_, i) => {
      const [suggestion] = bayesianoptimization.suggest(search, known, 8 + i, 1);
      known.push({
        index: 8 + i,
        assignments: suggestion?.assignments ?? {},
        labels: suggestion?.labels ?? {},
        state: 'running',
      });
      return suggestion;
    });
    assert.deepEqual(batch, single);
    assert.deepEqual(bayesianoptimization.suggest(search, trials, 8, 5), batch);
  });

  test('those of a batch keep away from each other', () => {
    const search = over(2, { acq_func: 'EI' });
    const trials = playSearch(bayesianoptimization, search, (a) => sphere(logarithms(a)), { budget: 12 });
    const points = bayesianoptimization
      .suggest(search, trials, 12, 4)
      .map(({ assignments }) => logarithms(assignments));
    points.forEach(([x = 0, y = 0], i) => {
      for (const [u = 0, v = 0] of points.slice(i + 1)) assert.ok(Math.hypot(x - u, y - v) > 0.02);
    });
  });

  test('no values are tried twice while there are others', () => {
    const search: Search = {
      ...over(0),
      parameters: [
        { name: 'n', type: 'int', min: 1, max: 5, distribution: 'uniform' },
        { name: 'c', type: 'categorical', list: ['a', 'b', 'c'] },
      ],
      settings: { n_initial_points: '1' },
    };
    const trials = playSearch(bayesianoptimization, search, ({ n }) => Number(n), { budget: 20 });
    const keys = trials.map(({ assignments }) => JSON.stringify(assignments));
    assert.equal(new Set(keys.slice(0, 15)).size, 15);
    assert.equal(keys.length, 20);
    // Of nothing but noise, the most promising point stays the same.
    const noise = trials.slice(0, 8).map((trial): PastTrial => ({ ...trial, value: trial.index % 2 }));
    const batch = bayesianoptimization
      .suggest(search, noise, 8, 7)
      .map(({ assignments }) => JSON.stringify(assignments));
    assert.equal(new Set([...keys.slice(0, 8), ...batch]).size, 15);
  });
});

describe('space', () => {
  const numeric = fc
    .record({
      type: fc.constantFrom('double' as const, 'int' as const),
      min: fc.integer({ min: 1, max: 50 }),
      width: fc.integer({ min: 1, max: 5000 }),
      step: fc.option(fc.integer({ min: 1, max: 7 }), { nil: undefined }),
    })
    .map(({ type, min, width, step }) => ({
      type,
      min,
      max: min + width,
      distribution: 'uniform' as const,
      ...(step === undefined ? {} : { step }),
    }));
  const list = fc.record({
    type: fc.constantFrom('categorical' as const, 'discrete' as const),
    list: fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{1,4}$/), { minLength: 1, maxLength: 4 }),
  });

  test('every suggestion is one that the space allows, whatever the values are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(numeric, list), { minLength: 1, maxLength: 4 }),
        fc.constantFrom('gp_hedge', 'EI', 'LCB', 'PI'),
        fc.constantFrom<(i: number) => number>(
          () => 0,
          (i) => (i % 2 ? 1e150 : -1e150),
          (i) => i,
        ),
        fc.nat(),
        (shapes, acq_func, measure, seed) => {
          const parameters = shapes.map((shape, i): Parameter => ({ name: `p${i}`, ...shape }));
          const settings = { acq_func, n_initial_points: '3', random_state: String(seed) };
          const search: Search = { objective: 'minimize', parameters, settings, parallelTrialCount: 2 };
          assert.deepEqual(bayesianoptimization.validate(search), []);
          let i = 0;
          const play = { budget: 8, parallel: 2, seed };
          for (const { assignments } of playSearch(bayesianoptimization, search, () => measure(i++), play))
            for (const parameter of parameters)
              assert.ok(isFeasible(parameter, assignments[parameter.name]), JSON.stringify([parameter, assignments]));
        },
      ),
      { seed: 1, numRuns: 25 },
    );
  });

  test('the first ones are at random: doubles by their logarithm, ints and lists evenly', () => {
    const search: Search = {
      ...searchOver(1, [0.001, 1], { n_initial_points: '3000' }),
      parameters: [
        ...searchOver(1, [0.001, 1]).parameters,
        { name: 'n', type: 'int', min: 0, max: 100, distribution: 'uniform' },
        { name: 'c', type: 'categorical', list: ['a', 'b'] },
      ],
    };
    const drawn = bayesianoptimization.suggest(search, [], 0, 3000).map(({ assignments }) => assignments);
    const part = (holds: (assignments: Readonly<Record<string, string>>) => boolean) =>
      drawn.filter(holds).length / 3000;
    assert.ok(Math.abs(part(({ x0 }) => Number(x0) < 0.01) - 1 / 3) < 0.03);
    assert.ok(Math.abs(part(({ n }) => Number(n) < 25) - 0.245) < 0.03);
    assert.ok(Math.abs(part(({ c }) => c === 'a') - 0.5) < 0.03);
  });
});

describe('settings', () => {
  test('what is not built in, and what Katib refuses or fails on, is refused, with a sentence for each problem', () => {
    const search: Search = {
      ...over(1),
      parameters: [
        ...searchOver(1, [0, 1]).parameters,
        { name: 'n', type: 'int', min: 3, max: 3, distribution: 'uniform' },
      ],
      settings: { base_estimator: 'RF', acq_func: 'EIps', acq_optimizer: 'adam', n_initial_points: '-1', kappa: '2' },
    };
    assert.deepEqual(bayesianoptimization.validate(search), [
      'Wrong value "RF" at spec.algorithm.algorithmSettings.base_estimator: expected GP, as trees (RF, ET, GBRT) are not built in',
      'Wrong value "EIps" at spec.algorithm.algorithmSettings.acq_func: expected one of gp_hedge, EI, LCB, PI; EIps and PIps need the time of each trial, which is not known here',
      'Wrong value "adam" at spec.algorithm.algorithmSettings.acq_optimizer: expected one of auto, lbfgs, sampling',
      'Wrong value "-1" at spec.algorithm.algorithmSettings.n_initial_points: expected an integer from 0',
      'Unknown setting "kappa" at spec.algorithm.algorithmSettings: bayesianoptimization takes acq_func, acq_optimizer, base_estimator, n_initial_points, random_state',
      'Wrong value 0 at spec.parameters.x0.feasibleSpace.min: expected a number above 0, as bayesianoptimization searches every double by its logarithm, in Katib too',
      'Wrong value 3 at spec.parameters.n.feasibleSpace.max: expected a number above 3, the min',
    ]);
  });
});
