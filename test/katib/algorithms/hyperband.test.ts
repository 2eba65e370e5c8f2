import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { PastTrial, Search } from '../../../katib/algorithms/algorithm.ts';
import { hyperband, rungsOf } from '../../../katib/algorithms/hyperband.ts';
import { randomOf } from '../../../katib/algorithms/random.ts';
import { bestOf, isFeasible, mannWhitney, playSearch } from '../../support/evolution-functions.ts';

function searchBy(settings: Readonly<Record<string, string>>): Search {
  return {
    objective: 'minimize',
    parameters: [
      { name: 'lr', type: 'double', min: 0.001, max: 1, distribution: 'logUniform' },
      { name: 'epochs', type: 'int', min: 1, max: 81, distribution: 'uniform' },
      { name: 'hidden', type: 'int', min: 2, max: 16, step: 2, distribution: 'uniform' },
      { name: 'activation', type: 'categorical', list: ['tanh', 'relu'] },
    ],
    settings: { resource_name: 'epochs', ...settings },
    parallelTrialCount: 1000,
  };
}

/** Bracket, rung, trials, resource. */
const tableOf = (search: Search) =>
  rungsOf(search)
    .flat()
    .map(({ bracket, rung, trials, resource }) => [bracket, rung, trials, resource].join(' '));

/** What a configuration reaches with so many epochs; the best has a learning rate of 0.1 and 8 units. */
function lossOf({ lr, epochs, hidden }: Readonly<Record<string, string>>): number {
  const distance = Math.abs(Math.log10(Number(lr)) + 1) + Math.abs(Number(hidden) - 8) / 10;
  return distance + 1 / Number(epochs);
}

/** The trials of a rung, and of the one that follows it. */
function rungOf(trials: readonly PastTrial[], bracket: number, rung: number): readonly PastTrial[] {
  return trials.filter(({ labels }) => labels.bracket === String(bracket) && labels.rung === String(rung));
}

/** Everything but the resource. */
function configurationOf({ assignments: { epochs: _, ...rest } }: PastTrial): string {
  return JSON.stringify(rest);
}

describe('brackets', () => {
  // What Katib 0.19's own class makes of these settings.
  const golden: Readonly<Record<string, readonly string[]>> = {
    '9 3': ['2 0 9 1', '2 1 3 3', '2 2 1 9', '1 0 5 3', '1 1 2 9', '0 0 3 9'],
    '27 3': [
      '3 0 27 1',
      '3 1 9 3',
      '3 2 3 9',
      '3 3 1 27',
      '2 0 12 3',
      '2 1 4 9',
      '2 2 2 27',
      '1 0 6 9',
      '1 1 2 27',
      '0 0 4 27',
    ],
    '16 4': ['2 0 16 1', '2 1 4 4', '2 2 1 16', '1 0 6 4', '1 1 2 16', '0 0 3 16'],
    '10 3': ['2 0 9 1', '2 1 3 3', '2 2 1 9', '1 0 5 3', '1 1 2 9', '0 0 3 10'],
    '20 2': [
      ...['4 0 16 1', '4 1 8 2', '4 2 4 4', '4 3 2 8', '4 4 1 16', '3 0 10 2', '3 1 5 4', '3 2 3 8', '3 3 2 16'],
      ...['2 0 7 5', '2 1 4 10', '2 2 2 20', '1 0 5 10', '1 1 3 20', '0 0 5 20'],
    ],
  };
  for (const [settings, rungs] of Object.entries(golden)) {
    const [r_l = '', eta = ''] = settings.split(' ');
    test(`a resource of ${r_l} and eta ${eta} give the trials and resources that Katib gives`, () => {
      assert.deepEqual(tableOf(searchBy({ r_l, eta })), rungs);
    });
  }

  test('eta is 3 where it is not given', () => {
    assert.deepEqual(tableOf(searchBy({ r_l: '9' })), golden['9 3']);
  });

  test('a power of eta is known as one, where logarithms are rounded', () => {
    assert.equal(rungsOf(searchBy({ r_l: '243' })).length, 6);
    assert.equal(rungsOf(searchBy({ r_l: '1000', eta: '10' })).length, 4);
    assert.equal(rungsOf(searchBy({ r_l: '1' })).length, 1);
  });

  for (const parallel of [1, 3, 7, 100])
    test(`a search with ${parallel} at once, ending in any order, runs every rung and then ends`, () => {
      const search = searchBy({ r_l: '27' });
      const trials = playSearch(hyperband, search, lossOf, { budget: 1000, parallel });
      const run = rungsOf(search)
        .flat()
        .map(({ bracket, rung }) => {
          const members = rungOf(trials, bracket, rung);
          const resources = new Set(members.map(({ assignments }) => assignments.epochs));
          return [bracket, rung, members.length, ...resources].join(' ');
        });
      assert.deepEqual(run, golden['27 3']);
      assert.equal(trials.length, 70);
      for (const { assignments } of trials)
        for (const parameter of search.parameters) assert.ok(isFeasible(parameter, assignments[parameter.name]));
    });
});

describe('rungs', () => {
  test('the best of a rung go on, as they are, with more of the resource', () => {
    for (const objective of ['minimize', 'maximize'] as const) {
      const search = { ...searchBy({ r_l: '27' }), objective };
      const trials = playSearch(hyperband, search, lossOf, { budget: 1000, parallel: 5 });
      for (const { bracket, rung, trials: count } of rungsOf(search).flat()) {
        if (rung === 0) continue;
        const sign = objective === 'minimize' ? 1 : -1;
        const best = rungOf(trials, bracket, rung - 1)
          .toSorted((a, b) => sign * ((a.value ?? 0) - (b.value ?? 0)))
          .slice(0, count);
        assert.deepEqual(rungOf(trials, bracket, rung).map(configurationOf), best.map(configurationOf));
      }
    }
  });

  /** The trials of the first rung, 9, with values from 0 on. */
  function firstRung(search: Search): readonly PastTrial[] {
    return hyperband
      .suggest(search, [], 0, 9)
      .map(({ assignments, labels = {} }, index) => ({ index, assignments, labels, state: 'succeeded', value: index }));
  }

  test('what cannot be given yet is not: a rung waits for the one before it', () => {
    const search = searchBy({ r_l: '9' });
    assert.equal(hyperband.suggest(search, [], 0, 20).length, 9);
    const trials = firstRung(search).map(
      (trial): PastTrial => (trial.index === 4 ? { ...trial, state: 'running' } : trial),
    );
    assert.deepEqual(hyperband.suggest(search, trials.slice(0, 5), 5, 20).length, 4);
    assert.deepEqual(hyperband.suggest(search, trials, 9, 20), []);
    assert.equal(hyperband.suggest(search, firstRung(search), 9, 20).length, 3);
  });

  test('the next bracket does not wait for the last rung of the one before it', () => {
    const search = searchBy({ r_l: '9' });
    const trials = playSearch(hyperband, search, lossOf, { budget: 12 });
    const next = hyperband.suggest(search, trials, 12, 100);
    assert.deepEqual(
      next.map(({ labels }) => `${labels?.bracket} ${labels?.rung}`),
      ['2 2', ...Array(5).fill('1 0')],
    );
  });

  test('a trial that failed, or whose metrics were not to be had, loses', () => {
    const search = searchBy({ r_l: '9' });
    const trials = firstRung(search)
      .filter(({ index }) => index !== 1)
      .map((trial): PastTrial => (trial.index === 0 ? { ...trial, state: 'failed', value: undefined } : trial));
    assert.deepEqual(
      hyperband.suggest(search, trials, 9, 9).map(({ assignments }) => assignments.lr),
      [2, 3, 4].map((index) => firstRung(search)[index]?.assignments.lr),
    );
  });

  test('a trial that was stopped early counts with its value', () => {
    const search = searchBy({ r_l: '9' });
    const trials = firstRung(search).map(
      (trial): PastTrial => (trial.index === 8 ? { ...trial, state: 'stopped', value: -1 } : trial),
    );
    const [first] = hyperband.suggest(search, trials, 9, 9);
    assert.equal(first?.assignments.lr, trials[8]?.assignments.lr);
  });

  test('with fewer results than places a rung is smaller, with none its bracket is over', () => {
    const search = searchBy({ r_l: '9' });
    const fail = (from: number) =>
      firstRung(search).map(
        (trial): PastTrial => (trial.index >= from ? { ...trial, state: 'failed', value: undefined } : trial),
      );
    assert.deepEqual(
      hyperband.suggest(search, fail(2), 9, 9).map(({ labels }) => labels?.rung),
      ['1', '1'],
    );
    assert.deepEqual(
      hyperband.suggest(search, fail(0), 9, 9).map(({ labels }) => `${labels?.bracket} ${labels?.rung}`),
      Array(5).fill('1 0'),
    );
  });

  test('however many fail, a search comes to its end, and none that failed goes on', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(),
        (parallel, failing, seed) => {
          const search = searchBy({ r_l: '27', random_state: String(seed) });
          const trials = playSearch(hyperband, search, lossOf, { budget: 1000, parallel, failing, seed });
          const begun = rungsOf(search).flatMap(([first]) => Array(first?.trials).fill(`${first?.bracket} 0`));
          assert.deepEqual(
            trials.filter(({ labels }) => labels.rung === '0').map(({ labels }) => `${labels.bracket} 0`),
            begun,
          );
          for (const { labels, ...trial } of trials) {
            if (labels.rung === '0') continue;
            const before = rungOf(trials, Number(labels.bracket), Number(labels.rung) - 1);
            assert.ok(
              before.some(
                (other) =>
                  other.state === 'succeeded' && configurationOf(other) === configurationOf({ ...trial, labels }),
              ),
            );
          }
        },
      ),
      { seed: 1, numRuns: 100 },
    );
  });
});

describe('search', () => {
  test('it finds better ones than trials at random with as much of the resource in all (p < 0.01)', () => {
    const seeds = Array.from({ length: 24 }, (_, seed) => seed);
    const found = seeds.map((seed) => {
      const search = searchBy({ r_l: '27', random_state: String(seed) });
      return bestOf(playSearch(hyperband, search, lossOf, { budget: 1000, parallel: 5, seed }));
    });
    const random = seeds.map((seed) => {
      const search = searchBy({ r_l: '27' });
      const total = rungsOf(search)
        .flat()
        .reduce((sum, { trials, resource }) => sum + trials * resource, 0);
      const stream = randomOf(seed, 'random');
      const losses = Array.from({ length: Math.floor(total / 27) }, () =>
        lossOf({ lr: String(10 ** (-3 * stream.uniform())), epochs: '27', hidden: String(2 + 2 * stream.integer(8)) }),
      );
      return Math.min(...losses);
    });
    assert.ok(mannWhitney(found, random) > 2.326, JSON.stringify([found, random]));
  });

  test('a batch is what as many calls one by one give, and the seed decides', () => {
    const search = searchBy({ r_l: '9', random_state: '5' });
    const batch = hyperband.suggest(search, [], 0, 9);
    const single = batch.map((_, index) => hyperband.suggest(search, [], index, 1)[0]);
    assert.deepEqual(batch, single);
    assert.notDeepEqual(batch, hyperband.suggest(searchBy({ r_l: '9', random_state: '6' }), [], 0, 9));
  });
});

describe('settings', () => {
  test('the resource has to be a parameter that is a number, of at least 1, with an eta from 2 on', () => {
    const problems = (settings: Readonly<Record<string, string>>) => hyperband.validate(searchBy(settings));
    assert.deepEqual(problems({ r_l: '9' }), []);
    assert.deepEqual(problems({}), ['Missing setting r_l at spec.algorithm.algorithmSettings: hyperband needs it']);
    assert.deepEqual(problems({ r_l: '9', resource_name: 'steps' }), [
      'Wrong value "steps" at spec.algorithm.algorithmSettings.resource_name: expected the name of a parameter',
    ]);
    assert.deepEqual(problems({ r_l: '9', resource_name: 'activation' }), [
      'Wrong value "activation" at spec.algorithm.algorithmSettings.resource_name: expected a parameter of type int or double, not categorical',
    ]);
    assert.deepEqual(problems({ r_l: '0.5', eta: '1', s_max: '3' }), [
      'Wrong value "0.5" at spec.algorithm.algorithmSettings.r_l: expected a number from 1',
      'Wrong value "1" at spec.algorithm.algorithmSettings.eta: expected an integer from 2',
      'Unknown setting "s_max" at spec.algorithm.algorithmSettings: hyperband takes eta, r_l, random_state, resource_name',
    ]);
  });

  test('as many trials as the first rung has must be allowed at once, as in Katib', () => {
    assert.deepEqual(hyperband.validate({ ...searchBy({ r_l: '27' }), parallelTrialCount: 26 }), [
      "Wrong value 26 at spec.parallelTrialCount: expected at least 27, as Katib's hyperband runs so many trials at once for r_l 27 and eta 3",
    ]);
    assert.deepEqual(hyperband.validate({ ...searchBy({ r_l: '27' }), parallelTrialCount: 27 }), []);
  });

  test('a resource of one value is fine, as it is never drawn', () => {
    const search = searchBy({ r_l: '9' });
    const parameters = search.parameters.map((parameter) =>
      parameter.name === 'epochs' ? { ...parameter, min: 1, max: 1 } : parameter,
    );
    assert.deepEqual(hyperband.validate({ ...search, parameters }), []);
  });
});
