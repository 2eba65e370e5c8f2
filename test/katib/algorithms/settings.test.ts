import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Parameter } from '../../../katib/algorithms/algorithm.ts';
import { algorithmOf } from '../../../katib/algorithms/registry.ts';
import { makeSearch } from '../../support/standard-functions.ts';

const HIDDEN: Parameter = { name: 'hidden', type: 'int', min: 2, max: 16, distribution: 'uniform' };

function issues(algorithm: string, settings: Record<string, string>, parameters: readonly Parameter[] = [HIDDEN]) {
  return algorithmOf(algorithm)?.validate(makeSearch(parameters, { settings }));
}

const SEED = 'an integer from 0 to 4294967295';

const WRONG: readonly (readonly [algorithm: string, setting: string, values: readonly string[], expected: string])[] = [
  ['random', 'random_state', ['-1', '1.5', '', 'abc', '4294967296', '0x10'], SEED],
  ['grid', 'random_state', ['-1', '1e3'], SEED],
  ['tpe', 'random_state', ['-1', ' 1'], SEED],
  ['tpe', 'gamma', ['0', '1', '-0.5', '1.5', 'a quarter', '', 'nan', '0x0.8'], 'a number above 0 and below 1'],
  ['tpe', 'prior_weight', ['0', '-1', 'inf', '1e999', ''], 'a number above 0'],
  ['tpe', 'n_EI_candidates', ['0', '-3', '2.5', 'many'], 'an integer from 1'],
  ['multivariate-tpe', 'random_state', ['-1'], SEED],
  ['multivariate-tpe', 'n_startup_trials', ['-1', '1.0', ''], 'an integer from 0'],
  ['multivariate-tpe', 'n_ei_candidates', ['0', '-1', 'x'], 'an integer from 1'],
];

for (const [algorithm, setting, values, expected] of WRONG)
  test(`${algorithm}: ${setting} has to be ${expected}`, () => {
    for (const value of values)
      assert.deepEqual(issues(algorithm, { [setting]: value }), [
        `Wrong value ${JSON.stringify(value)} at spec.algorithm.algorithmSettings.${setting}: expected ${expected}`,
      ]);
  });

const UNKNOWN: readonly (readonly [algorithm: string, setting: string, known: string])[] = [
  ['random', 'gamma', 'random_state'],
  ['grid', 'n_startup_trials', 'random_state'],
  ['sobol', 'random_state', 'no settings'],
  ['tpe', 'n_ei_candidates', 'gamma, prior_weight, n_EI_candidates, random_state'],
  ['tpe', 'toString', 'gamma, prior_weight, n_EI_candidates, random_state'],
  ['multivariate-tpe', 'gamma', 'n_startup_trials, n_ei_candidates, random_state'],
];

for (const [algorithm, setting, known] of UNKNOWN)
  test(`${algorithm}: ${setting} is no setting of it`, () => {
    assert.deepEqual(issues(algorithm, { [setting]: '1' }), [
      `Unknown setting "${setting}" at spec.algorithm.algorithmSettings: ${algorithm} takes ${known}`,
    ]);
  });

test('right settings are taken', () => {
  assert.deepEqual(issues('random', { random_state: '4294967295' }), []);
  assert.deepEqual(issues('grid', { random_state: '0' }), []);
  assert.deepEqual(issues('sobol', {}), []);
  assert.deepEqual(issues('tpe', { gamma: '.5', prior_weight: '1e-3', n_EI_candidates: '1', random_state: '007' }), []);
  assert.deepEqual(issues('multivariate-tpe', { n_startup_trials: '0', n_ei_candidates: '1', random_state: '1' }), []);
});

test('each wrong setting has a sentence of its own', () => {
  assert.equal(issues('tpe', { gamma: '2', prior_weight: '0', seed: '1' })?.length, 3);
});

const double = (more: object): Parameter =>
  ({ name: 'rate', type: 'double', min: 0, max: 1, distribution: 'uniform', ...more }) as Parameter;

const SPACES: readonly (readonly [algorithms: string, parameter: Parameter, field: string, sentence: string])[] = [
  ['random tpe multivariate-tpe grid sobol', double({ step: 0 }), 'step', '0|a number above 0'],
  ['random tpe multivariate-tpe grid sobol', double({ max: -1, step: 1 }), 'max', '-1|a number from 0 on, the min'],
  ['random tpe', double({ min: 1 }), 'max', '1|a number above 1, the min'],
  [
    'random tpe',
    double({ distribution: 'logUniform' }),
    'min',
    '0|a number above 0, as the distribution is logUniform',
  ],
  ['random tpe', double({ distribution: 'logNormal' }), 'min', '0|a number above 0, as the distribution is logNormal'],
  ['grid', double({}), 'step', 'undefined|a number above 0, as a grid has to have steps'],
  [
    'multivariate-tpe',
    double({ distribution: 'normal' }),
    'distribution',
    '"normal"|one of uniform, logUniform with multivariate-tpe',
  ],
  [
    'multivariate-tpe',
    double({ distribution: 'logNormal' }),
    'distribution',
    '"logNormal"|one of uniform, logUniform with multivariate-tpe',
  ],
  [
    'multivariate-tpe',
    double({ type: 'int', min: -4, max: 0, distribution: 'logUniform' }),
    'max',
    '0|a number from 1 on, as the distribution is logUniform',
  ],
  [
    'random tpe multivariate-tpe grid sobol',
    { name: 'rate', type: 'categorical', list: [] },
    'list',
    '[]|at least one value',
  ],
];

for (const [algorithms, parameter, field, sentence] of SPACES) {
  const [value = '', expected = ''] = sentence.split('|');
  test(`${algorithms.replaceAll(' ', ', ')}: a ${field} of ${value} is refused where it has to be ${expected}`, () => {
    for (const algorithm of algorithms.split(' '))
      assert.deepEqual(issues(algorithm, {}, [parameter, HIDDEN]), [
        `Wrong value ${value} at spec.parameters.rate.feasibleSpace.${field}: expected ${expected}`,
      ]);
  });
}

test('multivariate-tpe takes a logUniform parameter from 0 on, as Katib does: a double from 1e-10, an int from 1', () => {
  const parameters = [
    double({ distribution: 'logUniform' }),
    { ...HIDDEN, min: 0, distribution: 'logUniform' } satisfies Parameter,
  ];
  assert.deepEqual(issues('multivariate-tpe', {}, parameters), []);
  const drawn = algorithmOf('multivariate-tpe')?.suggest(makeSearch(parameters), [], 0, 500) ?? [];
  const least = (name: string) => Math.min(...drawn.map(({ assignments }) => Number(assignments[name])));
  assert.equal(least('hidden'), 1);
  assert.ok(least('rate') >= 1e-10 && least('rate') < 1e-9, String(least('rate')));
});
