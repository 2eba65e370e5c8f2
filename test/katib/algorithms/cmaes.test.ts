import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Parameter, PastTrial, Search } from '../../../katib/algorithms/algorithm.ts';
import { cmaes } from '../../../katib/algorithms/cmaes/cmaes.ts';
import { pointOf, standingOf, textOf } from '../../../katib/algorithms/cmaes/generations.ts';
import { randomOf } from '../../../katib/algorithms/random.ts';
import {
  bestAtRandom,
  bestOf,
  hartmann,
  isFeasible,
  mannWhitney,
  playSearch,
  searchOver,
  sphere,
  type UnitFunction,
  valley,
} from '../../support/evolution-functions.ts';

const numbers = (assignments: Readonly<Record<string, string>>) => Object.values(assignments).map(Number);
const generationOf = ({ labels }: PastTrial) => Number(labels.generation);

describe('batches and order', () => {
  for (const parallel of [1, 3, 7])
    for (const failing of [0, 0.3])
      test(`a search with ${parallel} at once, ending in any order, ${failing * 100} % failing, gets to its end and learns`, () => {
        const search = searchOver(3, [-5, 5]);
        const trials = playSearch(cmaes, search, (a) => sphere(numbers(a)), { budget: 80, parallel, failing });
        assert.equal(trials.length, 80);
        const generations = trials.map(generationOf);
        assert.deepEqual(
          generations,
          generations.toSorted((a, b) => a - b),
        );
        // 7 results close a generation; at most the running ones are asked for beyond them, and what failed.
        const enough = Math.floor(80 / (7 + parallel + 80 * failing * 0.2));
        assert.ok((generations.at(-1) ?? 0) >= enough, `${generations.at(-1)} generations, expected ${enough}`);
      });

  test('a search of which every trial fails goes on with samples of the first generation', () => {
    const trials = playSearch(cmaes, searchOver(2, [0, 1]), () => 0, { budget: 40, parallel: 4, failing: 1 });
    assert.equal(trials.length, 40);
    assert.deepEqual(new Set(trials.map(generationOf)), new Set([0]));
    assert.equal(new Set(trials.map(({ assignments }) => assignments.x0)).size, 40);
  });

  test('a batch is what as many calls one by one give', () => {
    const search = searchOver(4, [-1, 3]);
    const trials = playSearch(cmaes, search, (a) => valley(numbers(a)), { budget: 30, parallel: 4 });
    const batch = cmaes.suggest(search, trials, 30, 7);
    const single = Array.from({ length: 7 }, (_, i) => cmaes.suggest(search, trials, 30 + i, 1)[0]);
    assert.deepEqual(batch, single);
  });

  test('a result that comes after its generation was closed changes nothing', () => {
    const search = searchOver(2, [0, 1]);
    const first = cmaes.suggest(search, [], 0, 8).map(({ assignments, labels = {} }, index): PastTrial => {
      const trial = { index, assignments, labels };
      // The population is 6.
      if (index === 1 || index === 4) return { ...trial, state: 'running' };
      return { ...trial, state: 'succeeded', value: sphere(numbers(assignments)) };
    });
    const second = cmaes.suggest(search, first, 8, 2).map(
      ({ assignments, labels = {} }, i): PastTrial => ({
        index: 8 + i,
        assignments,
        labels,
        state: 'running',
      }),
    );
    assert.deepEqual(second[0]?.labels, { generation: '1', 'late-0': '1.4' });
    const before = cmaes.suggest(search, [...first, ...second], 10, 3);
    const late = first.map(
      (trial): PastTrial => (trial.state === 'running' ? { ...trial, state: 'succeeded', value: -100 } : trial),
    );
    assert.deepEqual(cmaes.suggest(search, [...late, ...second], 10, 3), before);
  });

  test('what was tried in the last generation is found again from the whole history', () => {
    for (let seed = 0; seed < 10; seed++) {
      const search = searchOver(3, [-2, 8], { random_state: String(seed) });
      const trials = playSearch(cmaes, search, (a) => sphere(numbers(a)), {
        budget: 90,
        parallel: 9,
        failing: 0.1,
        seed,
      });
      const { run, generation } = standingOf(search, trials);
      const last = trials.filter((trial) => generationOf(trial) === generation);
      for (const { index, assignments } of last) {
        const point = pointOf(search, run.evolution, index);
        search.parameters.forEach((parameter, i) => {
          assert.ok('min' in parameter);
          assert.equal(assignments[parameter.name], textOf(parameter, point[i] ?? 0));
        });
      }
      assert.ok(generation > 3);
    }
  });

  test('labels are such as Kubernetes takes, however many trials are late', () => {
    const search = searchOver(2, [0, 1]);
    const trials = cmaes.suggest(search, [], 20_000, 200).map(({ assignments, labels = {} }, i): PastTrial => {
      const trial = { index: 20_000 + i, assignments, labels };
      return i % 30 < 29 ? { ...trial, state: 'running' } : { ...trial, state: 'succeeded', value: i };
    });
    const [next] = cmaes.suggest(search, trials, 20_200, 1);
    assert.equal(next?.labels?.generation, '1');
    for (const [name, text] of Object.entries(next?.labels ?? {})) {
      assert.match(name, /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/);
      assert.match(text, /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/);
    }
    const [again] = cmaes.suggest(
      search,
      [...trials, { index: 20_200, assignments: {}, labels: next?.labels ?? {}, state: 'failed' }].map((trial) =>
        trial.state === 'running' ? { ...trial, state: 'succeeded' as const, value: -1 } : (trial as PastTrial),
      ),
      20_200,
      1,
    );
    assert.deepEqual(again, next);
  });
});

describe('space', () => {
  const numeric = fc
    .record({
      type: fc.constantFrom('double' as const, 'int' as const),
      min: fc.integer({ min: -1000, max: 1000 }),
      width: fc.integer({ min: 1, max: 2000 }),
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
  const space = fc
    .tuple(fc.array(numeric, { minLength: 2, maxLength: 5 }), fc.array(list, { maxLength: 2 }))
    .map(([a, b]): readonly Parameter[] => [...a, ...b].map((parameter, i) => ({ name: `p${i}`, ...parameter })));

  test('every suggestion is one that the space allows, whatever the values are', () => {
    fc.assert(
      fc.property(
        space,
        fc.constantFrom('none', 'ipop', 'bipop'),
        fc.integer({ min: 0, max: 1e6 }),
        fc.constantFrom<(i: number) => number>(
          () => 0,
          (i) => i,
          (i) => (i % 2 ? 1e300 : -1e300),
          (i) => 1 / (i + 1),
        ),
        (parameters, restart_strategy, seed, measure) => {
          const search: Search = {
            objective: seed % 2 ? 'minimize' : 'maximize',
            parameters,
            settings: { restart_strategy, random_state: String(seed) },
            parallelTrialCount: 3,
          };
          assert.deepEqual(cmaes.validate(search), []);
          let i = 0;
          const trials = playSearch(cmaes, search, () => measure(i++), { budget: 40, parallel: 3, seed });
          for (const { assignments } of trials)
            for (const parameter of parameters)
              assert.ok(isFeasible(parameter, assignments[parameter.name]), JSON.stringify([parameter, assignments]));
        },
      ),
      { seed: 1, numRuns: 60 },
    );
  });

  test('values of a list are drawn at random, every one as likely, beside the numbers that evolve', () => {
    const search: Search = {
      ...searchOver(2, [0, 1]),
      parameters: [
        { name: 'activation', type: 'categorical', list: ['tanh', 'relu', 'sigmoid'] },
        ...searchOver(2, [0, 1]).parameters,
        { name: 'batch', type: 'discrete', list: ['8', '32'] },
      ],
    };
    const trials = playSearch(cmaes, search, ({ x0, x1 }) => sphere([Number(x0), Number(x1)]), { budget: 300 });
    const late = trials.slice(-150);
    for (const [name, list] of [
      ['activation', ['tanh', 'relu', 'sigmoid']],
      ['batch', ['8', '32']],
    ] as const)
      for (const value of list) {
        const times = late.filter(({ assignments }) => assignments[name] === value).length;
        const expected = late.length / list.length;
        assert.ok(Math.abs(times - expected) < 3 * Math.sqrt(expected), `${value} ${times} times`);
      }
    assert.deepEqual(Object.keys(trials[0]?.assignments ?? {}), ['activation', 'x0', 'x1', 'batch']);
    assert.ok(bestOf(late) < 1e-6);
  });

  test('it starts in the middle, a sixth of each range wide, or as the setting sigma has it for the narrowest', () => {
    const wide = (settings: Readonly<Record<string, string>>): Search => ({
      ...searchOver(1, [0, 3], settings),
      parameters: [
        ...searchOver(1, [0, 3]).parameters,
        { name: 'n', type: 'int', min: 0, max: 3000, distribution: 'uniform' },
      ],
    });
    const spreadOf = (search: Search) => {
      const values = cmaes.suggest(search, [], 0, 4000).map(({ assignments }) => numbers(assignments));
      return [0, 1].map((i) => {
        const mean = values.reduce((sum, value) => sum + (value[i] ?? 0) / values.length, 0);
        return [mean, Math.sqrt(values.reduce((sum, value) => sum + ((value[i] ?? 0) - mean) ** 2 / values.length, 0))];
      });
    };
    const near = (actual: number | undefined, expected: number) =>
      assert.ok(Math.abs((actual ?? 0) - expected) < 0.04 * expected, `${actual}, expected ${expected}`);
    const [x, n] = spreadOf(wide({}));
    near(x?.[0], 1.5);
    // A normal variable cut off at three deviations is a little narrower.
    near(x?.[1], 0.5 * 0.987);
    near(n?.[0], 1500);
    near(n?.[1], 500 * 0.987);
    const [narrow, long] = spreadOf(wide({ sigma: '0.1' }));
    near(narrow?.[1], 0.1);
    near(long?.[1], 100);
  });

  test('a rounded parameter learns from what was drawn for it, not from what it was rounded to', () => {
    const search: Search = {
      ...searchOver(0, [0, 1]),
      parameters: ['a', 'b'].map((name) => ({ name, type: 'int', min: 0, max: 4, distribution: 'uniform' })),
    };
    const trials = playSearch(cmaes, search, ({ a, b }) => Number(a) + Number(b), { budget: 6 });
    const { run } = standingOf(search, trials);
    const rounded = trials.map((trial) => ({ ...trial, index: trial.index + 1000 }));
    assert.notDeepEqual(standingOf(search, rounded).run.evolution.mean, run.evolution.mean);
    assert.equal(standingOf(search, rounded).generation, 1, 'trials of another search are learned from as they are');
  });
});

describe('search', () => {
  const cases: readonly (readonly [string, UnitFunction, number, number])[] = [
    ['a sphere of 5', sphere, 5, 60],
    ["Rosenbrock's valley of 4", valley, 4, 120],
    ["Hartmann's function of 6", hartmann, 6, 120],
  ];
  for (const [name, measure, dimensions, budget] of cases)
    test(`it finds smaller values of ${name} variables in ${budget} trials than as many at random (p < 0.01)`, () => {
      const seeds = Array.from({ length: 20 }, (_, seed) => seed);
      const found = seeds.map((seed) => {
        const search = searchOver(dimensions, [0, 1], { random_state: String(seed) });
        return bestOf(playSearch(cmaes, search, (a) => measure(numbers(a)), { budget, parallel: 3, seed }));
      });
      const random = seeds.map((seed) => bestAtRandom(measure, dimensions, budget, randomOf(seed, 'random')));
      assert.ok(mannWhitney(found, random) > 2.326, JSON.stringify([found, random]));
    });

  test('it maximizes as well as it minimizes', () => {
    const search = searchOver(3, [0, 1]);
    const up = playSearch(cmaes, { ...search, objective: 'maximize' }, (a) => -sphere(numbers(a)), { budget: 60 });
    const down = playSearch(cmaes, search, (a) => sphere(numbers(a)), { budget: 60 });
    assert.deepEqual(
      up.map(({ assignments }) => assignments),
      down.map(({ assignments }) => assignments),
    );
  });

  test('the seed decides', () => {
    const suggest = (random_state: string) => cmaes.suggest(searchOver(2, [0, 1], { random_state }), [], 0, 3);
    assert.deepEqual(suggest('7'), suggest('7'));
    assert.notDeepEqual(suggest('7'), suggest('8'));
    assert.deepEqual(suggest('0'), cmaes.suggest(searchOver(2, [0, 1]), [], 0, 3));
  });
});

describe('settings', () => {
  test('what Katib refuses is refused, with a sentence for each problem', () => {
    const search: Search = {
      ...searchOver(1, [0, 1]),
      parameters: [
        ...searchOver(1, [0, 0]).parameters,
        { name: 'activation', type: 'categorical', list: ['tanh', 'relu'] },
      ],
      settings: { sigma: '0', restart_strategy: 'often', random_state: '1.5', popsize: '8' },
    };
    assert.deepEqual(cmaes.validate(search), [
      'Wrong value "0" at spec.algorithm.algorithmSettings.sigma: expected a number above 0',
      'Wrong value "often" at spec.algorithm.algorithmSettings.restart_strategy: expected one of none, ipop, bipop',
      'Wrong value "1.5" at spec.algorithm.algorithmSettings.random_state: expected an integer from 0 to 4294967295',
      'Unknown setting "popsize" at spec.algorithm.algorithmSettings: cmaes takes random_state, restart_strategy, sigma',
      'Wrong value 1 at spec.parameters: expected at least 2 of type double or int, as cmaes searches these',
      'Wrong value 0 at spec.parameters.x0.feasibleSpace.max: expected a number above 0, the min',
    ]);
  });
});
