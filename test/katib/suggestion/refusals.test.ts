import assert from 'node:assert/strict';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { withService } from './client.ts';
import { type ExperimentOptions, makeExperiment, makeKatib } from './katib.ts';

const double = (space: object) => [{ name: 'lr', parameterType: 'DOUBLE', feasibleSpace: space }];
const parameters = (list: readonly object[]): ExperimentOptions => ({ spec: { parameterSpecs: { parameters: list } } });
const at = 'at spec.parameters.lr.feasibleSpace';

const WRONG: readonly [string, ExperimentOptions, string][] = [
  [
    'an unknown algorithm',
    { algorithm: 'xorflow-tpee' },
    'Wrong value "xorflow-tpee" at spec.algorithm.algorithmName: no such algorithm here',
  ],
  ['no algorithm', { algorithm: '' }, 'Missing spec.algorithm.algorithmName: expected the name of an algorithm'],
  [
    'settings that the algorithm refuses',
    { settings: { seed: '1', gamma: '2' } },
    'Unknown setting seed: expected random_state; Unknown setting gamma: expected random_state',
  ],
  [
    'an objective without a type',
    { spec: { objective: { objectiveMetricName: 'accuracy' } } },
    'Wrong value "UNKNOWN" at spec.objective.type: expected minimize or maximize',
  ],
  [
    'an objective without a metric',
    { spec: { objective: { type: 'MAXIMIZE' } } },
    'Missing spec.objective.objectiveMetricName: expected a metric',
  ],
  ['no parameters', parameters([]), 'Wrong value [] at spec.parameters: expected one parameter or more'],
  [
    'a name twice',
    parameters([...double({ min: '0', max: '1' }), ...double({ min: '0', max: '1' })]),
    'Wrong value "lr" at spec.parameters: expected each name once',
  ],
  [
    'an unknown type of parameter',
    parameters([{ name: 'lr', feasibleSpace: { min: '0', max: '1' } }]),
    'Wrong value "unknown" at spec.parameters.lr.parameterType: expected one of double, int, discrete, categorical',
  ],
  [
    'no space',
    parameters([{ name: 'lr', parameterType: 'DOUBLE' }]),
    `Missing value ${at}.min: expected a number in quotes\nMissing value ${at}.max: expected a number in quotes`,
  ],
  [
    'a bound that is no number',
    parameters(double({ min: 'low', max: '1' })),
    `Wrong value "low" ${at}.min: expected a number`,
  ],
  [
    'a bound that is no integer',
    parameters([{ name: 'lr', parameterType: 'INT', feasibleSpace: { min: '0', max: '1.5' } }]),
    `Wrong value "1.5" ${at}.max: expected an integer`,
  ],
  [
    'bounds that are the wrong way round',
    parameters(double({ min: '1', max: '0.1' })),
    `Wrong value "0.1" ${at}.max: expected more than min, 1`,
  ],
  [
    'a step of nothing',
    parameters(double({ min: '0', max: '1', step: '0' })),
    `Wrong value "0" ${at}.step: expected more than 0`,
  ],
  [
    'a logarithm of 0',
    parameters(double({ min: '0', max: '1', distribution: 'LOG_NORMAL' })),
    `Wrong value "0" ${at}.min: expected more than 0 for logNormal`,
  ],
  [
    'an empty list',
    parameters([{ name: 'lr', parameterType: 'CATEGORICAL' }]),
    `Missing value ${at}.list: expected at least one value`,
  ],
  [
    'a discrete value that is no number',
    parameters([{ name: 'lr', parameterType: 'DISCRETE', feasibleSpace: { list: ['1', 'two'] } }]),
    `Wrong value "two" ${at}.list.1: expected a number`,
  ],
  [
    'a memory that is not ours',
    { settings: { 'xorflow.dev/search': '{"id":7}' } },
    'Wrong value 7 at xorflow.dev/search.id: expected a string (and 4 more)',
  ],
];

for (const [what, options, details] of WRONG) {
  test(`${what} is refused with a sentence, before a trial is made and when one is asked for`, () =>
    withService(async (client, errors) => {
      const request = makeKatib(makeExperiment(options)).request(1);
      // The memory is part of a request for trials only.
      if (!options.settings?.['xorflow.dev/search']) {
        await assert.rejects(client.validate(request), { code: status.INVALID_ARGUMENT, details });
      }
      await assert.rejects(client.suggest(request), { code: status.INVALID_ARGUMENT, details });
      assert.deepEqual(errors, []);
    }));
}

test('a request for no trials, for fewer in all than now, or without an Experiment is refused', () =>
  withService(async (client) => {
    const request = makeKatib(makeExperiment()).request(3);
    const refused = (change: object, details: string) =>
      assert.rejects(client.suggest({ ...request, ...change }), { code: status.INVALID_ARGUMENT, details });
    await refused(
      { currentRequestNumber: 0 },
      'Wrong value 0 at current_request_number: expected an integer from 1 to 10000',
    );
    await refused(
      { totalRequestNumber: 2 },
      'Wrong value 2 at total_request_number: expected current_request_number, 3, or more',
    );
    await refused({ experiment: undefined }, 'Missing spec: expected an Experiment');
    await refused(
      { experiment: { ...request.experiment, name: '' } },
      'Wrong value "" at metadata.name: expected a name',
    );
  }));

test('settings that are right are valid, and a search without limits is one', () =>
  withService(async (client) => {
    await client.validate({ experiment: makeExperiment({ settings: { random_state: '7' } }) });
    await client.validate({ experiment: makeExperiment({ spec: { parallelTrialCount: 0, maxTrialCount: 0 } }) });
  }));
