import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IGNORED_FIELDS, NOT_ENFORCED } from '../../../knative/local/ignored.ts';
import { loadManifests } from '../../../knative/local/manifests.ts';
import { type Topology, toTopology } from '../../../knative/local/topology.ts';
import { brokerYaml, makeManifests, serviceYaml, sinkBindingYaml, triggerYaml } from '../../support/manifests.ts';

async function topologyOf(...documents: string[]): Promise<Topology> {
  await using folder = await makeManifests(...documents);
  return toTopology(await loadManifests(folder.path));
}

/** What is said about a set, without the folder: `all.yaml:12: trigger/train …`. */
async function refusal(...documents: string[]): Promise<string> {
  try {
    await topologyOf(...documents);
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'INVALID_MANIFEST');
    return (error as Error).message.replaceAll(/^\S*\//gm, '');
  }
  return assert.fail('accepted');
}

const service = serviceYaml('train');
const set = (document: string, from: string, to: string) => {
  assert.ok(document.includes(from), from);
  return document.replace(from, to);
};

const BROKER: [string, string, string, string][] = [
  [
    'an unknown field',
    '  delivery:',
    '  deliverz:',
    'all.yaml:8: broker/default spec.deliverz: not supported locally; did you mean delivery?',
  ],
  [
    'a negative retry',
    'retry: 2',
    'retry: -1',
    'all.yaml:9: broker/default: Wrong value -1 at spec.delivery.retry: expected at least 0',
  ],
  [
    'a duration that is not ISO 8601',
    'timeout: PT10S',
    'timeout: 10s',
    'all.yaml:12: broker/default: Wrong value "10s" at spec.delivery.timeout: expected ISO 8601 such as PT0.2S',
  ],
  [
    'a timeout of zero',
    'timeout: PT10S',
    'timeout: PT0S',
    'all.yaml:12: broker/default: Wrong value "PT0S" at spec.delivery.timeout: expected a duration of more than zero',
  ],
  [
    'an unknown backoff policy',
    'exponential',
    'cubic',
    'all.yaml:10: broker/default: Wrong value "cubic" at spec.delivery.backoffPolicy: expected one of "linear", "exponential"',
  ],
  [
    'a delivery that only a flag of the cluster allows',
    'retry: 2',
    'retryAfterMax: PT1S',
    'all.yaml:9: broker/default spec.delivery.retryAfterMax: not supported locally',
  ],
  [
    'an annotation that is no string',
    '"true"',
    'true',
    'all.yaml:6: broker/default: Wrong value true at metadata.annotations.messaging.knative.dev/async-handler: expected one of "true", "false"',
  ],
  [
    'an unknown annotation',
    'messaging.knative.dev/async-handler',
    'messaging.knative.dev/async',
    'all.yaml:6: broker/default metadata.annotations.messaging.knative.dev/async: not supported locally; did you mean messaging.knative.dev/async-handler?',
  ],
];

const TRIGGER: [string, string, string][] = [
  [
    'a misspelt field',
    'filterz: {}',
    'all.yaml:25: trigger/t spec.filterz: not supported locally; did you mean filter?',
  ],
  [
    'filters that are a map',
    'filters:\n  exact: {type: a}',
    'all.yaml:25: trigger/t: Wrong value {"exact":{"type":"a"}} at spec.filters: expected a list',
  ],
  [
    'two dialects in one entry',
    'filters:\n  - exact: {type: a}\n    prefix: {type: b}',
    'all.yaml:25: trigger/t: Invalid value ["exact","prefix"] at spec.filters[0]: expected one dialect per entry',
  ],
  [
    'an attribute name that no event can have',
    'filter: {attributes: {Type: a}}',
    'all.yaml:25: trigger/t: Wrong value "a" at spec.filter.attributes.Type: expected an attribute name of letters a-z and digits, a letter first',
  ],
  [
    'a number to compare with',
    'filter: {attributes: {dims: 2}}',
    'all.yaml:25: trigger/t: Wrong value 2 at spec.filter.attributes.dims: expected a string: quote numbers and booleans',
  ],
  [
    'a dead letter sink that is not there',
    'delivery: {deadLetterSink: {ref: {apiVersion: serving.knative.dev/v1, kind: Service, name: nobody}}}',
    'all.yaml:25: trigger/t: No Service "nobody" at spec.delivery.deadLetterSink.ref.name: expected one of train',
  ],
  [
    'a dead letter sink that is the Broker itself',
    'delivery: {deadLetterSink: {ref: {apiVersion: eventing.knative.dev/v1, kind: Broker, name: default}}}',
    'all.yaml:25: trigger/t: spec.delivery.deadLetterSink.ref eventing.knative.dev/v1/Broker: not supported locally',
  ],
  [
    'a relative address without an object',
    'delivery: {deadLetterSink: {uri: /x}}',
    'all.yaml:25: trigger/t: Wrong value "/x" at spec.delivery.deadLetterSink.uri: expected an absolute URL, or a ref beside it',
  ],
];

const SERVICE: [string, string, string, RegExp][] = [
  [
    'more than the 10 minutes of Serving',
    'timeoutSeconds: 10',
    'timeoutSeconds: 601',
    /service\/train: Wrong value 601 at spec\.template\.spec\.timeoutSeconds: expected at most 600$/,
  ],
  [
    'a response that may begin later than it must end',
    'timeoutSeconds: 10',
    'responseStartTimeoutSeconds: 400',
    /at spec\.template\.spec\.responseStartTimeoutSeconds: expected at most timeoutSeconds, 300$/,
  ],
  [
    'more than 1000 requests at once',
    'timeoutSeconds: 10',
    'containerConcurrency: 1001',
    /at spec\.template\.spec\.containerConcurrency: expected at most 1000$/,
  ],
  [
    'a program that only a container can run',
    'command: [node, functions/train/index.ts]',
    'command: [python, train.py]',
    /at spec\.template\.spec\.containers\.0\.command: expected \[node, functions\/<name>\/index\.ts\]: no other program can run without a container engine$/,
  ],
  [
    'a file outside of the functions',
    'functions/train/index.ts',
    'functions/../../x/index.ts',
    /containers\.0\.command: expected \[node/,
  ],
  [
    'an environment variable that Serving sets',
    'readinessProbe:',
    'env: [{name: PORT, value: "1"}]\n          readinessProbe:',
    /Wrong value "PORT" at spec\.template\.spec\.containers\.0\.env\.0\.name: expected none of PORT, K_SERVICE, K_CONFIGURATION, K_REVISION: Serving sets them$/,
  ],
  [
    'a value from the pod',
    'readinessProbe:',
    'env: [{name: A, valueFrom: {fieldRef: {fieldPath: a}}}]\n          readinessProbe:',
    /service\/train spec\.template\.spec\.containers\.0\.env\.0\.valueFrom\.fieldRef: not supported locally/,
  ],
  [
    'a reserved port',
    'readinessProbe:',
    'ports: [{containerPort: 8012}]\n          readinessProbe:',
    /Wrong value 8012 at spec\.template\.spec\.containers\.0\.ports\.0\.containerPort: expected none of 8008/,
  ],
  [
    'an annotation of the autoscaler on the Service itself',
    '  labels:',
    '  annotations: {autoscaling.knative.dev/max-scale: "1"}\n  labels:',
    /Wrong value "1" at metadata\.annotations\.autoscaling\.knative\.dev\/max-scale: expected it below spec\.template\.metadata\.annotations/,
  ],
  [
    'a scale that is a number',
    '  template:',
    '  template:\n    metadata: {annotations: {autoscaling.knative.dev/max-scale: 1}}',
    /Wrong value 1 at .*max-scale: expected a string: quote numbers$/,
  ],
  [
    'a window over an hour',
    '  template:',
    '  template:\n    metadata: {annotations: {autoscaling.knative.dev/window: 2h}}',
    /Wrong value "2h" at .*window: expected a duration from 6s to 1h$/,
  ],
  [
    'min-scale over max-scale',
    '  template:',
    '  template:\n    metadata: {annotations: {autoscaling.knative.dev/min-scale: "3", autoscaling.knative.dev/max-scale: "2"}}',
    /Wrong value "3" at .*min-scale: expected at most max-scale, 2$/,
  ],
  [
    'an annotation that the autoscaler does not know',
    '  template:',
    '  template:\n    metadata: {annotations: {autoscaling.knative.dev/maxScale: "2"}}',
    /maxScale: expected one of class, /,
  ],
  [
    'a name of the Revision, which a SinkBinding would collide with',
    '  template:',
    '  template:\n    metadata: {name: one}',
    /service\/train spec\.template\.metadata\.name: not supported locally$/,
  ],
  [
    'volumes',
    'timeoutSeconds: 10',
    'volumes: []',
    /service\/train spec\.template\.spec\.volumes: not supported locally$/,
  ],
  [
    'a grace period, which Serving derives from timeoutSeconds',
    'timeoutSeconds: 10',
    'terminationGracePeriodSeconds: 1',
    /terminationGracePeriodSeconds: not supported locally$/,
  ],
  [
    'two containers',
    'readinessProbe:',
    'env: []\n        - command: [node, functions/b/index.ts]\n          readinessProbe:',
    /at spec\.template\.spec\.containers: expected one container$/,
  ],
];

for (const [what, from, to, message] of BROKER) {
  test(`refused on a Broker: ${what}`, async () => assert.equal(await refusal(set(brokerYaml, from, to)), message));
}
for (const [what, spec, message] of TRIGGER) {
  test(`refused on a Trigger: ${what}`, async () => {
    assert.equal(await refusal(brokerYaml, triggerYaml('t', 'train', spec), service), message);
  });
}
for (const [what, from, to, message] of SERVICE) {
  test(`refused on a Service: ${what}`, async () => assert.match(await refusal(set(service, from, to)), message));
}

const SETS: [string, string[], string][] = [
  [
    'a kind that nothing honours',
    ['apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}'],
    'all.yaml:2: deployment/x apps/v1 Deployment: not supported locally',
  ],
  [
    'a Service without Serving',
    ['apiVersion: v1\nkind: Service\nmetadata: {name: x}'],
    'all.yaml:2: service/x v1 Service: not supported locally',
  ],
  [
    'a version that is not stored',
    [set(brokerYaml, 'dev/v1', 'dev/v1beta1')],
    'all.yaml:2: broker/default eventing.knative.dev/v1beta1 Broker: not supported locally',
  ],
  [
    'the same object twice',
    [brokerYaml, brokerYaml],
    'all.yaml:14: broker/default: there is one already at all.yaml:1',
  ],
  [
    'a Trigger on a Broker that is not there',
    [set(brokerYaml, 'name: default', 'name: other'), service, triggerYaml('t', 'train')],
    'all.yaml:38: trigger/t: No Broker "default" at spec.broker: expected one of other',
  ],
  [
    'a Trigger to a Service that is not there',
    [brokerYaml, triggerYaml('t', 'nobody')],
    'all.yaml:24: trigger/t: No Service "nobody" at spec.subscriber.ref.name: expected a Service in the set',
  ],
  [
    'a subscriber in another namespace',
    [brokerYaml, service, set(triggerYaml('t', 'train'), 'name: train', 'name: train\n      namespace: far')],
    'all.yaml:44: trigger/t: Wrong value "far" at spec.subscriber.ref.namespace: expected test, the one of all',
  ],
  [
    'a SinkBinding of nobody',
    [brokerYaml, sinkBindingYaml],
    'all.yaml:19: sinkbinding/functions: No Service for spec.subject: expected a Service in the set, or labels of one',
  ],
  [
    'two SinkBindings of one Service',
    [brokerYaml, sinkBindingYaml, set(sinkBindingYaml, 'name: functions', 'name: more'), service],
    'all.yaml:50: service/train: K_SINK from the SinkBindings functions and more: expected one at most',
  ],
  [
    'a SinkBinding by name and by labels',
    [brokerYaml, service, set(sinkBindingYaml, '    selector:', '    name: train\n    selector:')],
    'all.yaml:38: sinkbinding/functions: Wrong value {"apiVersion":"serving.knative.dev/v1","kind":"Service","name":"train","selec... at spec.subject: expected name or selector',
  ],
];

for (const [what, documents, message] of SETS) {
  test(`refused in a set: ${what}`, async () => {
    const said = (await refusal(...documents)).replaceAll(/ \S*\/all\.yaml/g, ' all.yaml');
    assert.equal(said, message);
  });
}

test('everything that is wrong is told at once', async () => {
  const said = await refusal(
    set(set(brokerYaml, 'retry: 2', 'retry: x'), 'PT10S', '1'),
    set(service, 'timeoutSeconds', 'timeout'),
  );
  assert.equal(said.split('\n').length, 3);
});

test('what has no meaning on one machine is reported, with the reason', async () => {
  const policy = 'apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: p}\nspec: {anything: goes}';
  const { ignored } = await topologyOf(brokerYaml, service, policy);
  assert.deepEqual(
    ignored.map(({ field, reason }) => ({ field, reason })),
    [
      {
        field: 'service/train spec.template.spec.containers.0.image',
        reason: 'the command runs from the source files of the project',
      },
      { field: 'networkpolicy/p', reason: 'there is no network between functions on one machine' },
    ],
  );
});

test('every entry of the allow-list says why', () => {
  for (const { path, reason } of IGNORED_FIELDS) assert.ok(reason.length > 10, path.join('.'));
  for (const [kind, reason] of Object.entries(NOT_ENFORCED)) assert.ok(reason.length > 10, kind);
});
