import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toEarlyStopping } from '../../../katib/experiment/early-stopping.ts';
import { toParameter, toSearch } from '../../../katib/experiment/search.ts';
import { loadChanged } from './fixture.ts';

test('what an Experiment leaves out is what Katib fills in', async () => {
  const left = ['parallelTrialCount', 'resumePolicy', 'metricsCollectorSpec', 'earlyStopping', 'maxFailedTrialCount'];
  const { experiment, rawSpec } = await loadChanged({
    ...Object.fromEntries(left.map((field) => [`spec/${field}`, undefined])),
    'spec/trialTemplate/retain': undefined,
    'spec/objective/metricStrategies': [{ name: 'loss', value: 'min' }],
    'spec/objective/goal': undefined,
  });
  const { spec } = experiment;
  assert.equal(spec.parallelTrialCount, 3);
  assert.equal(spec.resumePolicy, 'Never');
  assert.equal(spec.metricsCollectorSpec.collector.kind, 'StdOut');
  assert.equal(spec.maxFailedTrialCount, undefined, 'however many fail');
  assert.equal(spec.objective.goal, undefined);
  assert.equal(spec.trialTemplate.retain, false);
  assert.equal(spec.trialTemplate.successCondition, 'status.conditions.#(type=="Complete")#|#(status=="True")#');
  assert.equal(spec.trialTemplate.failureCondition, 'status.conditions.#(type=="Failed")#|#(status=="True")#');
  assert.equal(spec.parameters[1]?.feasibleSpace.distribution, 'uniform');
  assert.deepEqual(spec.objective.metricStrategies, [
    { name: 'loss', value: 'min' },
    { name: 'validation_accuracy', value: 'max' },
    { name: 'accuracy', value: 'max' },
    { name: 'validation_loss', value: 'max' },
  ]);
  assert.equal(toEarlyStopping(spec), undefined);
  assert.equal('parallelTrialCount' in rawSpec, false, 'the record is what the file has');
});

test('medianstop without settings is Katib’s: three trials, the fourth report', async () => {
  const { experiment } = await loadChanged({ 'spec/earlyStopping/algorithmSettings': undefined });
  assert.deepEqual(toEarlyStopping(experiment.spec), { minTrialsRequired: 3, startStep: 4 });
});

test('an algorithm is told numbers as numbers, and the rest as it stands', async () => {
  const { experiment } = await loadChanged({
    'spec/parameters/1/feasibleSpace/step': '2',
    'spec/parameters/5': { name: 'batch_size', parameterType: 'discrete', feasibleSpace: { list: ['64', '1e3'] } },
  });
  assert.deepEqual(toSearch(experiment.spec), {
    objective: 'maximize',
    parameters: [
      { name: 'learning_rate', type: 'double', min: 0.001, max: 0.3, distribution: 'logUniform' },
      { name: 'hidden', type: 'int', min: 2, max: 32, step: 2, distribution: 'uniform' },
      { name: 'layers', type: 'int', min: 1, max: 3, distribution: 'uniform' },
      { name: 'activation', type: 'categorical', list: ['relu', 'tanh', 'sigmoid'] },
      { name: 'optimizer', type: 'categorical', list: ['adam', 'sgd'] },
      { name: 'batch_size', type: 'discrete', list: ['64', '1e3'] },
    ],
    settings: { n_startup_trials: '6', random_state: '3' },
    parallelTrialCount: 3,
    maxTrialCount: 24,
  });
});

test('a parameter of a message of Katib’s, in which what is not said is empty, is read alike', () => {
  const feasibleSpace = { min: '0.1', max: '1', step: '', list: [], distribution: '' };
  assert.deepEqual(toParameter({ name: 'rate', parameterType: 'double', feasibleSpace }), {
    name: 'rate',
    type: 'double',
    min: 0.1,
    max: 1,
    distribution: 'uniform',
  });
  const list = { min: '', max: '', step: '', list: ['a', 'b'], distribution: 'uniform' };
  assert.deepEqual(toParameter({ name: 'kind', parameterType: 'categorical', feasibleSpace: list }), {
    name: 'kind',
    type: 'categorical',
    list: ['a', 'b'],
  });
});

test('a parameter that says the wrong is refused by its name', () => {
  const read = (parameterType: string, feasibleSpace: object) => () =>
    toParameter({ name: 'rate', parameterType, feasibleSpace });
  assert.throws(read('double', { min: 'x', max: '' }), {
    code: 'INVALID_MANIFEST',
    message:
      'Wrong value "x" at spec.parameters.rate.feasibleSpace.min: expected a number\n' +
      'Missing value at spec.parameters.rate.feasibleSpace.max: expected a number in quotes',
  });
  assert.throws(read('', { min: '0', max: '1' }), {
    message: 'Wrong value "" at spec.parameters.rate.parameterType: expected one of double, int, discrete, categorical',
  });
  assert.throws(read('int', { min: '0', max: '1', distribution: 'beta' }), {
    message:
      'Wrong value "beta" at spec.parameters.rate.feasibleSpace.distribution: expected one of uniform, logUniform, normal, logNormal',
  });
});

test('a step may be all there is between the bounds, whatever binary makes of it', () => {
  const feasibleSpace = { min: '0.1', max: '0.3', step: '0.2' };
  assert.equal(toParameter({ name: 'a', parameterType: 'double', feasibleSpace }).name, 'a');
});
