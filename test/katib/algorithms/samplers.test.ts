import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Algorithm, Parameter, PastTrial, Search } from '../../../katib/algorithms/algorithm.ts';
import { ALGORITHMS, algorithmOf } from '../../../katib/algorithms/registry.ts';
import { countOf, stepOf, valueAt } from '../../../katib/algorithms/space.ts';
import { makeSearch } from '../../support/standard-functions.ts';

const NAMES = ['random', 'grid', 'sobol', 'tpe', 'multivariate-tpe'] as const;

const PARAMETERS: readonly Parameter[] = [
  { name: 'hidden', type: 'int', min: 2, max: 16, distribution: 'uniform' },
  { name: 'dropout', type: 'double', min: 0, max: 0.5, step: 0.05, distribution: 'uniform' },
  { name: 'rate', type: 'double', min: 0.001, max: 1, step: 0.001, distribution: 'logUniform' },
  { name: 'activation', type: 'categorical', list: ['tanh', 'relu', 'sigmoid'] },
];

function algorithm(name: string): Algorithm {
  const found = algorithmOf(name);
  assert.ok(found, name);
  return found;
}

function seeded(seed: number, more: Partial<Search> = {}): Search {
  return makeSearch(PARAMETERS, { settings: { random_state: String(seed) }, ...more });
}

/** The first `count` trials of a search for `hidden` = 9 and a small `dropout`, each succeeded. */
function history(one: Algorithm, search: Search, count: number): PastTrial[] {
  const trials: PastTrial[] = [];
  while (trials.length < count)
    for (const { assignments, labels = {} } of one.suggest(search, trials, trials.length, 1)) {
      const value = Math.abs(Number(assignments.hidden) - 9) + Number(assignments.dropout);
      trials.push({ index: trials.length, assignments, labels, state: 'succeeded', value });
    }
  return trials;
}

test('each algorithm is there by the name that Katib knows it by', () => {
  for (const name of NAMES) assert.equal(ALGORITHMS[name]?.name, name);
  assert.equal(algorithmOf('toString'), undefined);
});

for (const name of NAMES) {
  const one = algorithm(name);

  test(`${name}: the same question has the same answer, also after other ones`, () => {
    const search = seeded(7);
    const trials = history(one, search, 20);
    const answer = one.suggest(search, trials, 20, 3);
    one.suggest(seeded(8), trials.slice(0, 5), 5, 2);
    assert.deepEqual(one.suggest(search, structuredClone(trials), 20, 3), answer);
  });

  test(`${name}: trials without a value change nothing, and failed ones ${name === 'multivariate-tpe' ? 'count as running' : 'neither'}`, () => {
    const search = seeded(7);
    const trials = history(one, search, 15);
    const useless: PastTrial[] = trials.slice(0, 6).map((trial, i) => ({
      index: 15 + i,
      assignments: trial.assignments,
      labels: {},
      state: i < 3 ? 'failed' : 'succeeded',
    }));
    const running = useless.flatMap((trial) =>
      trial.state === 'failed' ? [{ ...trial, state: 'running' as const }] : [],
    );
    const known = name === 'multivariate-tpe' ? [...trials, ...running] : trials;
    assert.deepEqual(one.suggest(search, [...trials, ...useless], 21, 2), one.suggest(search, known, 21, 2));
  });

  test(`${name}: to maximize is to minimize the negative`, () => {
    const search = seeded(7);
    const trials = history(one, search, 15);
    const turned = trials.map((trial) => ({ ...trial, value: -(trial.value ?? 0) }));
    assert.deepEqual(
      one.suggest({ ...search, objective: 'maximize' }, turned, 15, 3),
      one.suggest(search, trials, 15, 3),
    );
  });

  test(`${name}: without random_state it is the search with 0`, () => {
    assert.deepEqual(one.suggest(makeSearch(PARAMETERS), [], 0, 5), one.suggest(seeded(0), [], 0, 5));
  });
}

/** What is suggested one by one, while those before still run. */
function oneByOne(one: Algorithm, search: Search, trials: readonly PastTrial[], count: number) {
  const running: PastTrial[] = [];
  while (running.length < count) {
    const index = trials.length + running.length;
    const [next] = one.suggest(search, [...trials, ...running], index, 1);
    assert.ok(next);
    running.push({ index, assignments: next.assignments, labels: {}, state: 'running' });
  }
  return running.map(({ assignments }) => ({ assignments }));
}

for (const name of ['random', 'grid', 'sobol', 'multivariate-tpe']) {
  test(`${name}: a batch is what its items are when each is asked for while the ones before it run`, () => {
    const one = algorithm(name);
    const search = seeded(7);
    for (const size of [0, 9, 30]) {
      const trials = history(one, search, size);
      const batch = one.suggest(search, trials, size, 4);
      assert.deepEqual(batch, oneByOne(one, search, trials, 4));
      assert.equal(new Set(batch.map(({ assignments }) => JSON.stringify(assignments))).size, 4, 'no two are the same');
    }
  });
}

test('tpe: the items of a batch differ, however few values there are', () => {
  const search = makeSearch([{ name: 'hidden', type: 'int', min: 6, max: 11, distribution: 'uniform' }]);
  for (const size of [10, 20, 30]) {
    const trials = history(algorithm('tpe'), search, size);
    const values = algorithm('tpe')
      .suggest(search, trials, size, 3)
      .map(({ assignments }) => assignments.hidden);
    assert.equal(new Set(values).size, 3, String(values));
  }
});

for (const name of ['random', 'grid', 'tpe', 'multivariate-tpe']) {
  test(`${name}: another random_state is another search`, () => {
    assert.notDeepEqual(algorithm(name).suggest(seeded(1), [], 0, 5), algorithm(name).suggest(seeded(2), [], 0, 5));
  });
}

test('sobol: no random_state makes another search', () => {
  assert.deepEqual(algorithm('sobol').suggest(seeded(1), [], 0, 5), algorithm('sobol').suggest(seeded(2), [], 0, 5));
});

for (const name of ['tpe', 'multivariate-tpe']) {
  test(`${name}: a trial that was stopped early counts with the value that it had`, () => {
    const one = algorithm(name);
    const search = seeded(7);
    const trials = history(one, search, 15);
    const stopped = trials.map((trial): PastTrial => ({ ...trial, state: 'stopped' }));
    assert.deepEqual(one.suggest(search, stopped, 15, 3), one.suggest(search, trials, 15, 3));
  });
}

const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}$/), { minLength: 1, maxLength: 5 });
const bounds = fc
  .tuple(fc.double({ min: -1000, max: 1000, noNaN: true }), fc.double({ min: 0.001, max: 1000, noNaN: true }))
  .map(([min, width]) => ({ min, max: min + width }));
const positive = fc
  .tuple(fc.double({ min: 1e-6, max: 10, noNaN: true }), fc.double({ min: 1.01, max: 1e6, noNaN: true }))
  .map(([min, factor]) => ({ min, max: min * factor }));
const integers = fc
  .tuple(fc.integer({ min: 1, max: 50 }), fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 7 }))
  .map(([min, width, step]) => ({ min, max: min + width, step }));

/** Parameters of every kind; a grid takes those only that have a step. */
function parameterOf(isGrid: boolean, isNormalKnown: boolean): fc.Arbitrary<Omit<Parameter, 'name'>> {
  const plain = isNormalKnown ? (['uniform', 'normal'] as const) : (['uniform'] as const);
  const logarithmic = isNormalKnown ? (['logUniform', 'logNormal'] as const) : (['logUniform'] as const);
  const step = fc.double({ min: 0.01, max: 300, noNaN: true });
  const stepped = fc
    .tuple(bounds, step, fc.constantFrom(...plain))
    .map(([ends, size, distribution]) => ({ type: 'double' as const, ...ends, step: size, distribution }));
  const int = fc
    .tuple(integers, fc.constantFrom(...plain, ...logarithmic))
    .map(([ends, distribution]) => ({ type: 'int' as const, ...ends, distribution }));
  const list = fc
    .tuple(
      fc.constantFrom('discrete' as const, 'categorical' as const),
      fc.uniqueArray(fc.integer().map(String), { minLength: 1, maxLength: 6 }),
    )
    .map(([type, values]) => ({ type, list: values }));
  const free = fc
    .oneof(fc.tuple(bounds, fc.constantFrom(...plain)), fc.tuple(positive, fc.constantFrom(...logarithmic)))
    .map(([ends, distribution]) => ({ type: 'double' as const, ...ends, distribution }));
  return isGrid ? fc.oneof(stepped, int, list) : fc.oneof(stepped, int, list, free);
}

function assertAllowed(parameter: Parameter, text: string | undefined): void {
  assert.ok(text !== undefined);
  if ('list' in parameter) {
    assert.ok(parameter.list.includes(text), `${text} is one of the list`);
    return;
  }
  const value = Number(text);
  assert.ok(value >= parameter.min && value <= parameter.max, `${text} is inside ${parameter.min}…${parameter.max}`);
  if (parameter.type === 'int') assert.ok(Number.isInteger(value), `${text} is an integer`);
  const step = stepOf(parameter);
  if (step === undefined) return;
  const index = Math.round((value - parameter.min) / step);
  assert.ok(index < countOf(parameter), `${text} is one of the steps`);
  assert.equal(text, valueAt(parameter, index));
}

for (const name of NAMES) {
  test(`${name}: whatever the parameters and whatever was tried, values are inside the bounds and on the steps`, () => {
    const one = algorithm(name);
    const kinds = parameterOf(name === 'grid', name === 'random' || name === 'tpe');
    const searches = names.chain((all) =>
      fc.tuple(...all.map((own) => kinds.map((kind) => ({ name: own, ...kind }) as Parameter))),
    );
    const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 0, maxLength: 40 });
    const states = fc.infiniteStream(fc.constantFrom('succeeded', 'stopped', 'running', 'failed'));
    fc.assert(
      fc.property(searches, values, states, fc.nat(1000), (parameters, results, state, seed) => {
        const search = makeSearch(parameters, { settings: name === 'sobol' ? {} : { random_state: String(seed) } });
        assert.deepEqual(one.validate(search), []);
        const trials = results.flatMap((value, index): PastTrial[] => {
          const [first] = algorithm('random').suggest(makeSearch(parameters), [], index, 1);
          const own = state.next().value ?? 'failed';
          return first ? [{ index, assignments: first.assignments, labels: {}, state: own, value }] : [];
        });
        for (const { assignments } of one.suggest(search, trials, trials.length, 3)) {
          assert.deepEqual(
            Object.keys(assignments),
            parameters.map((parameter) => parameter.name),
          );
          for (const parameter of parameters) assertAllowed(parameter, assignments[parameter.name]);
        }
      }),
      { seed: 20_261_125, numRuns: 150 },
    );
  });
}
