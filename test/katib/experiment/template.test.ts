import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { trialRequested } from '../../../events/registry.ts';
import type { Parameter } from '../../../katib/algorithms/algorithm.ts';
import { formatNumber } from '../../../katib/algorithms/space.ts';
import { toSearch } from '../../../katib/experiment/search.ts';
import { renderTrial } from '../../../katib/experiment/template.ts';
import { requestOf } from '../../../katib/trial/request.ts';
import { CONTAINER, FILES, loadChanged, loadCommitted } from './fixture.ts';

const ASSIGNMENTS = {
  learning_rate: '0.01',
  hidden: '8',
  layers: '2',
  activation: 'tanh',
  optimizer: 'adam',
  batch_size: '256',
};
const META = 'spec/trialTemplate/trialParameters/6/reference';
const LABELS = 'spec/trialTemplate/trialSpec/metadata/labels';

/** Any text that a parameter may be given: the ends of its range, and everything between. */
function anyValueOf(parameter: Parameter): fc.Arbitrary<string> {
  if ('list' in parameter) return fc.constantFrom(...parameter.list);
  const { min, max } = parameter;
  return fc
    .oneof(fc.constantFrom(min, max), fc.double({ min, max, noNaN: true }))
    .map((value) => formatNumber(parameter, value));
}

for (const file of FILES) {
  test(`katib/${file}: whatever an algorithm may try is a trial that can be asked for`, async () => {
    const { experiment } = await loadCommitted(file);
    const { metadata, spec } = experiment;
    const values = fc.record(Object.fromEntries(toSearch(spec).parameters.map((one) => [one.name, anyValueOf(one)])), {
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(values, (assignments) => {
        const name = `${metadata.name}-k8d2f4gh`;
        const { env, command, args, deadlineSeconds } = renderTrial(experiment, { name, assignments });
        assert.deepEqual([command, args], [['node', 'katib/trial.ts'], []]);
        assert.equal(env.KATIB_TRIAL_NAME, name);
        const request = requestOf(env);
        assert.deepEqual(request.assignments, assignments);
        assert.equal(request.experiment, metadata.name);
        assert.deepEqual(request.objective, { metric: spec.objective.objectiveMetricName, type: spec.objective.type });
        assert.ok(request.deadlineMs < deadlineSeconds * 1000);
        assert.ok(trialRequested.schema.safeParse(request).success);
      }),
      { seed: 42 },
    );
  });
}

suite('rendering', () => {
  test('puts values where their placeholders are, the trial’s name into the environment, and leaves the rest alone', async () => {
    const { experiment } = await loadCommitted('experiment.yaml');
    const { env, deadlineSeconds } = renderTrial(experiment, { name: 'xor-mlp-a', assignments: ASSIGNMENTS });
    assert.deepEqual(env, {
      XORFLOW_GATEWAY: 'http://gateway.xorflow.svc.cluster.local',
      XORFLOW_EXPERIMENT: 'xor-mlp',
      XORFLOW_OBJECTIVE: 'validation_accuracy',
      XORFLOW_TRAINING: '{"epochs":200}',
      XORFLOW_TRIAL_SECONDS: '600',
      HP_LEARNING_RATE: '0.01',
      HP_HIDDEN: '8',
      HP_LAYERS: '2',
      HP_ACTIVATION: 'tanh',
      HP_OPTIMIZER: 'adam',
      HP_BATCH_SIZE: '256',
      KATIB_TRIAL_NAME: 'xor-mlp-a',
    });
    assert.equal(deadlineSeconds, 900);
  });

  for (const [reference, value] of [
    ['Name', 'xor-mlp-a'],
    ['Namespace', 'xorflow'],
    ['Kind', 'Job'],
    ['APIVersion', 'batch/v1'],
    ['Labels[example.org/team]', 'seven'],
    ['Annotations[note]', 'by hand'],
  ] as const) {
    test(`knows ${reference} of a trial`, async () => {
      const { experiment } = await loadChanged({
        [META]: `\${trialSpec.${reference}}`,
        [`${CONTAINER}/env/0/value`]: `<\${trialParameters.namespace}|\${trialParameters.namespace}>`,
        [LABELS]: { 'example.org/team': 'seven' },
        'spec/trialTemplate/trialSpec/metadata/annotations': { note: 'by hand' },
      });
      const { env } = renderTrial(experiment, { name: 'xor-mlp-a', assignments: ASSIGNMENTS });
      assert.equal(env.XORFLOW_GATEWAY, `<${value}|${value}>`);
    });
  }

  test('an Experiment that names no namespace is in that of Kubernetes’ own default', async () => {
    const { experiment } = await loadChanged({ 'metadata/namespace': undefined });
    const { env } = renderTrial(experiment, { name: 'xor-mlp-a', assignments: ASSIGNMENTS });
    assert.equal(env.XORFLOW_GATEWAY, 'http://gateway.default.svc.cluster.local');
  });

  test('arguments go along with the command', async () => {
    const { experiment } = await loadChanged({ [`${CONTAINER}/args`]: ['--quiet'] });
    const { command, args } = renderTrial(experiment, { name: 'xor-mlp-a', assignments: ASSIGNMENTS });
    assert.deepEqual([...command, ...args], ['node', 'katib/trial.ts', '--quiet']);
  });

  test('a value is JSON to Katib: an escape is carried out, what breaks it is refused by its name', async () => {
    const { experiment } = await loadCommitted('experiment.yaml');
    const render = (activation: string) =>
      renderTrial(experiment, { name: 'xor-mlp-a', assignments: { ...ASSIGNMENTS, activation } }).env.HP_ACTIVATION;
    assert.equal(render('a\\u0062'), 'ab');
    assert.equal(render('$& $1'), '$& $1', 'no pattern of a replacement');
    for (const value of ['a"b', '","name":"x', 'a\\', 'a\nb', '\\x']) {
      assert.throws(() => render(value), {
        code: 'INVALID_MANIFEST',
        message: `Wrong value ${JSON.stringify(value)} for activation: expected text that can stand in JSON as it is`,
      });
    }
  });

  test('a value is not looked at for placeholders again', async () => {
    const { experiment } = await loadCommitted('experiment.yaml');
    const assignments = { ...ASSIGNMENTS, activation: `\${trialParameters.hidden}` };
    assert.equal(renderTrial(experiment, { name: 'a', assignments }).env.HP_ACTIVATION, `\${trialParameters.hidden}`);
  });

  test('what comes out as no container that can be started is refused by its place', async () => {
    const { experiment } = await loadCommitted('experiment.yaml');
    assert.throws(() => renderTrial(experiment, { name: 'a-b', assignments: { ...ASSIGNMENTS, hidden: '$(HOME)' } }), {
      code: 'INVALID_MANIFEST',
      message:
        'Job of a-b: Wrong value "$(HOME)" at spec.template.spec.containers.0.env.6.value: expected neither $( nor $$, which Kubernetes replaces and one machine does not',
    });
  });

  test('a trial has a value for every parameter, and for nothing else', async () => {
    const { experiment } = await loadCommitted('experiment.yaml');
    const { hidden: _hidden, ...rest } = ASSIGNMENTS;
    assert.throws(() => renderTrial(experiment, { name: 'a-b', assignments: rest }), {
      code: 'INVALID_MANIFEST',
      message: 'Missing value for hidden in trial a-b',
    });
    assert.throws(() => renderTrial(experiment, { name: 'a-b', assignments: { ...ASSIGNMENTS, units: '3' } }), {
      code: 'INVALID_MANIFEST',
      message:
        'Unknown parameter "units" in trial a-b: expected one of learning_rate, hidden, layers, activation, optimizer, batch_size',
    });
  });
});
