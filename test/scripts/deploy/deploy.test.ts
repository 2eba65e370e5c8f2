import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../../../knative/kustomize/resource.ts';
import { exitCodeOf } from '../../../scripts/exit.ts';
import { makeValidator } from '../../support/crds.ts';
import { type StandIn, startKubernetes } from '../../support/kubernetes/server.ts';
import { deployTo, planOf } from './fixture.ts';

const SECRET: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'xorflow-store', namespace: 'xorflow' },
  data: { password: 'b2xk', url: 'b2xk' },
};
const NAMESPACE: KubernetesObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'xorflow' } };

const patched = ({ requests }: StandIn) =>
  requests.filter((request) => request.startsWith('PATCH')).map((request) => /\/([^/]+\/[^/]+)\?/.exec(request)?.[1]);

/** What a deployment is refused with: the exit code and the sentence. */
async function refusalOf(work: Promise<unknown>): Promise<readonly [number, string]> {
  try {
    await work;
  } catch (error) {
    return [exitCodeOf(error), (error as Error).message];
  }
  return assert.fail('it was not refused');
}

test('all objects are applied by the field manager xorflow, without force, and awaited until they are ready', async () => {
  await using kubernetes = await startKubernetes({ readyAfter: () => 150 });
  const deployment = await deployTo(kubernetes, await planOf({ hasRedis: true }));
  assert.deepEqual([deployment.notReady, deployment.held], [[], []]);
  assert.ok(deployment.objects.every(({ result }) => result === 'created'));
  for (const title of [
    'Broker default',
    'StatefulSet redis',
    'SinkBinding functions',
    'Service gateway',
    'JobSink train-job',
    'Trigger record',
  ]) {
    assert.ok(
      deployment.said.some((line) => line.startsWith(`created: ${title} in namespace xorflow`)),
      title,
    );
    assert.ok(
      deployment.said.some((line) => /^ready: .* after [\d.]+ m?s$/.test(line) && line.includes(title)),
      title,
    );
  }
  for (const request of kubernetes.requests.filter((one) => one.startsWith('PATCH'))) {
    assert.match(request, /\?fieldManager=xorflow&force=false$/);
  }
  assert.match(deployment.addresses.broker ?? '', /\/xorflow\/default$/);
  assert.equal(deployment.addresses.gateway, 'http://gateway.xorflow.svc.cluster.local');
});

test('JobSinks and Triggers are applied only when the SinkBindings are ready', async () => {
  await using kubernetes = await startKubernetes({ readyAfter: ({ kind }) => (kind === 'SinkBinding' ? 400 : 0) });
  const { said } = await deployTo(kubernetes, await planOf({ storeUrl: 'redis://host' }));
  const at = (text: string) => said.findIndex((line) => line.startsWith(text));
  assert.ok(at('created: Service gateway') < at('ready: SinkBinding functions'));
  assert.ok(at('ready: SinkBinding functions') < at('created: JobSink train-job'));
  assert.ok(at('created: JobSink train-job') < at('created: Trigger record'));
});

test('to deploy again changes nothing, and needs neither the broker nor the store to be named again', async () => {
  await using kubernetes = await startKubernetes();
  await deployTo(kubernetes, await planOf({ broker: 'kafka', hasRedis: true }));
  const before = new Map([...kubernetes.objects].map(([key, { spec, data }]) => [key, { spec, data }]));
  const { objects } = await deployTo(kubernetes, await planOf());
  assert.ok(objects.every(({ result }) => result === 'applied'));
  assert.deepEqual(new Map([...kubernetes.objects].map(([key, { spec, data }]) => [key, { spec, data }])), before);
  const broker = kubernetes.objects.get('Broker/xorflow/default');
  assert.equal(broker?.metadata.annotations?.['eventing.knative.dev/broker.class'], 'Kafka');
});

test('a Redis that is there keeps its password', async () => {
  await using kubernetes = await startKubernetes();
  kubernetes.put(NAMESPACE);
  kubernetes.put(SECRET);
  await deployTo(kubernetes, await planOf({ hasRedis: true }));
  assert.deepEqual(kubernetes.objects.get('Secret/xorflow/xorflow-store')?.data, SECRET.data);
});

test('what is not ready in time is told with its conditions and the newest warnings about it and its pods', async () => {
  await using kubernetes = await startKubernetes({
    readyAfter: ({ kind }) => (kind === 'Service' || kind === 'Trigger' ? undefined : 0),
    status: ({ kind, metadata }) =>
      kind === 'Service'
        ? {
            observedGeneration: metadata.generation,
            conditions: [
              { type: 'ConfigurationsReady', status: 'Unknown' },
              { type: 'Ready', status: 'False', reason: 'RevisionMissing', message: 'no ready Revision' },
            ],
          }
        : undefined,
  });
  kubernetes.put(NAMESPACE);
  const labels = { 'serving.knative.dev/service': 'gateway' };
  kubernetes.put({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'gateway-00001-x', namespace: 'xorflow', labels },
  });
  const events = [
    ['1', 'Pod', 'gateway-00001-x', 'Pulling', 'old'],
    ['4', 'Pod', 'gateway-00001-x', 'Failed', 'Failed to pull\n image'],
    ['3', 'Revision', 'gateway-00001', 'InternalError', 'deployment'],
    ['2', 'Service', 'gateway', 'UpdateFailed', 'service'],
    ['5', 'Pod', 'gateway-admin', 'Failed', 'of somebody else'],
  ] as const;
  for (const [time, kind, name, reason, message] of events) {
    kubernetes.put({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: `event-${time}`, namespace: 'xorflow' },
      type: 'Warning',
      reason,
      message,
      lastTimestamp: `2026-01-01T00:00:0${time}Z`,
      involvedObject: { kind, name },
    });
  }
  const { notReady } = await deployTo(kubernetes, await planOf({ storeUrl: 'redis://host' }), { timeoutMs: 300 });
  assert.deepEqual(notReady, [
    {
      kind: 'Service',
      name: 'gateway',
      reasons: ['Ready is False: RevisionMissing: no ready Revision', 'ConfigurationsReady is Unknown'],
      events: [
        'Warning Failed of Pod gateway-00001-x: Failed to pull image',
        'Warning InternalError of Revision gateway-00001: deployment',
        'Warning UpdateFailed of Service gateway: service',
      ],
    },
    {
      kind: 'Trigger',
      name: 'record',
      reasons: ['no controller has looked at it: is what makes this kind work installed and running?'],
      events: [],
    },
  ]);
});

test('a SinkBinding that does not get ready holds back JobSinks and Triggers, and says which', async () => {
  await using kubernetes = await startKubernetes({
    readyAfter: ({ kind }) => (kind === 'SinkBinding' || kind === 'Broker' ? undefined : 0),
    forbids: ['list events', 'list pods'],
  });
  const plan = await planOf({ storeUrl: 'redis://host' });
  const { notReady, held } = await deployTo(kubernetes, plan, { timeoutMs: 300 });
  assert.deepEqual(
    notReady.map(({ kind }) => kind),
    ['Broker', 'SinkBinding'],
  );
  assert.deepEqual(held, ['JobSink train-job', 'Trigger record']);
  assert.ok(!patched(kubernetes).includes('triggers/record'));
});

test('a status that speaks of an older generation is not ready', async () => {
  const stale = { observedGeneration: 0, conditions: [{ type: 'Ready', status: 'True' }] };
  await using kubernetes = await startKubernetes({ readyAfter: () => undefined, status: () => stale });
  const { notReady } = await deployTo(kubernetes, await planOf({ storeUrl: 'redis://host' }), { timeoutMs: 200 });
  assert.deepEqual(notReady.find(({ kind }) => kind === 'Broker')?.reasons, [
    'its controller has not seen the last change yet',
  ]);
});

test('definitions that are missing are named, all at once, with what to install, before anything is applied', async () => {
  await using kubernetes = await startKubernetes({ lacks: ['serving.knative.dev', 'sinks.knative.dev/v1alpha1'] });
  const [code, message] = await refusalOf(deployTo(kubernetes, await planOf({ storeUrl: 'redis://host' })));
  assert.equal(code, 3);
  assert.match(
    message,
    /^Not installed in context test at http:\S+: Knative Serving \(no services\.serving\.knative\.dev\) and a Knative Eventing that has JobSink \(no jobsinks\.sinks\.knative\.dev\): install it first, see https:\/\/knative\.dev\/docs\/install\/$/,
  );
  assert.deepEqual(patched(kubernetes), []);
});

test('credentials that are not accepted', async () => {
  await using kubernetes = await startKubernetes();
  const [code, message] = await refusalOf(deployTo(kubernetes, await planOf(), { context: 'other' }));
  assert.equal(code, 3);
  assert.match(
    message,
    /^The credentials of context other at \S+ are not accepted: log in again, or choose another --context$/,
  );
});

test('what is forbidden is told: who, the verb, the resource and the namespace', async () => {
  await using kubernetes = await startKubernetes({ forbids: ['patch brokers.eventing.knative.dev', 'get namespaces'] });
  const [code, message] = await refusalOf(deployTo(kubernetes, await planOf({ storeUrl: 'redis://host' })));
  assert.equal(code, 3);
  assert.match(
    message,
    /^Forbidden in context test at \S+: jane may not patch brokers\.eventing\.knative\.dev in namespace xorflow: ask for a Role that allows it$/,
  );
});

test('a namespace that is being deleted', async () => {
  const terminating = { ...NAMESPACE, status: { phase: 'Terminating' } };
  const expected = [3, 'Namespace xorflow is being deleted: wait until it is gone, then deploy again'];
  for (const forbids of [[], ['get namespaces']]) {
    await using kubernetes = await startKubernetes({ forbids });
    kubernetes.put(terminating);
    assert.deepEqual(
      await refusalOf(deployTo(kubernetes, await planOf({ storeUrl: 'redis://host', overlayName: 'guest' }))),
      expected,
    );
  }
});

test('a namespace that nobody brings', async () => {
  for (const forbids of [[], ['get namespaces']]) {
    await using kubernetes = await startKubernetes({ forbids });
    const plan = await planOf({ overlayName: 'guest', namespace: 'alice', storeUrl: 'redis://host' });
    const [code, message] = await refusalOf(deployTo(kubernetes, plan));
    assert.equal(code, 3);
    assert.match(message, /^No namespace alice in context test at \S+: create it.*--namespace$/);
  }
});

test('fields that somebody else manages are named with who does, and force takes them over', async () => {
  await using kubernetes = await startKubernetes();
  await deployTo(kubernetes, await planOf({ storeUrl: 'redis://host' }));
  const theirs = kubernetes.objects.get('Trigger/xorflow/record') ?? assert.fail();
  kubernetes.put({ ...theirs, spec: { ...(theirs.spec as object), broker: 'theirs' } }, 'kubectl-edit');
  const [code, message] = await refusalOf(deployTo(kubernetes, await planOf()));
  assert.equal(code, 2);
  assert.equal(
    message,
    'Trigger record in namespace xorflow is changed by others too: kubectl-edit manages spec.broker: --force-conflicts takes the fields over',
  );
  await deployTo(kubernetes, await planOf(), { force: true });
  assert.match(JSON.stringify(kubernetes.objects.get('Trigger/xorflow/record')), /"broker":"default"/);
});

test('what a SinkBinding has given to the functions stays, and is nobody else who would have to be forced', async () => {
  await using kubernetes = await startKubernetes();
  await deployTo(kubernetes, await planOf({ storeUrl: 'redis://host' }));
  const textOf = () => JSON.stringify(kubernetes.objects.get('Service/xorflow/gateway'));
  assert.match(textOf(), /"K_SINK"/);
  const before = kubernetes.requests.length;
  await deployTo(kubernetes, await planOf({ image: 'registry.example/xorflow:2.0' }));
  assert.match(textOf(), /xorflow:2\.0.*"env":\[\{"name":"K_SINK","value":"http:\/\/broker"\}\]/);
  const forced = kubernetes.requests.slice(before).filter((request) => request.endsWith('force=true'));
  assert.deepEqual(
    forced.map((request) => /services\/(\w+)/.exec(request)?.[1]),
    ['gateway'],
  );
});

test('whoever else changes the containers of a function is told', async () => {
  await using kubernetes = await startKubernetes({ binder: 'kubectl-edit' });
  await deployTo(kubernetes, await planOf({ storeUrl: 'redis://host' }));
  const [code, message] = await refusalOf(
    deployTo(kubernetes, await planOf({ image: 'registry.example/xorflow:2.0' })),
  );
  assert.equal(code, 2);
  assert.match(
    message,
    /^Service gateway in namespace xorflow is changed by others too: kubectl-edit manages spec\.template\.spec\.containers:/,
  );
});

test('an object that the cluster takes for invalid is named with the words of the API server', async (context) => {
  if ((await makeValidator()) === undefined) return context.skip('no schemas of custom resources');
  await using kubernetes = await startKubernetes();
  const plan = await planOf({ storeUrl: 'redis://host' });
  const withSpec = (kind: string, fields: object) => ({
    ...plan,
    objects: plan.objects.map((object) =>
      object.kind === kind ? { ...object, spec: { ...(object.spec as object), ...fields } } : object,
    ),
  });
  const [code, message] = await refusalOf(deployTo(kubernetes, withSpec('Service', { templte: {} })));
  assert.equal(code, 2);
  assert.match(
    message,
    /^The cluster refuses Service gateway in namespace xorflow as invalid: failed to create typed patch object .*templte.*: field not declared in schema$/,
  );
  const [, other] = await refusalOf(deployTo(kubernetes, withSpec('Trigger', { broker: 5 })));
  assert.match(
    other,
    /^The cluster refuses Trigger record .* as invalid: Trigger "record" is invalid: \/spec\/broker /,
  );
});

test('a Broker of another class has to be deleted first', async () => {
  await using kubernetes = await startKubernetes();
  await deployTo(kubernetes, await planOf({ broker: 'kafka', storeUrl: 'redis://host' }));
  const [code, message] = await refusalOf(deployTo(kubernetes, await planOf({ broker: 'imc' })));
  assert.equal(code, 2);
  assert.equal(
    message,
    'Broker default in namespace xorflow is of class Kafka, and a class cannot be changed to MTChannelBasedBroker: ' +
      'run "xorflow undeploy" first, or deploy without --broker',
  );
});

test('a Broker with another config has to be deleted first', async () => {
  await using kubernetes = await startKubernetes();
  await deployTo(kubernetes, await planOf({ storeUrl: 'redis://host' }));
  const [code, message] = await refusalOf(deployTo(kubernetes, await planOf({ broker: 'imc' })));
  assert.equal(code, 2);
  assert.match(
    message,
    /has the config ConfigMap config-br-default-channel, which cannot be changed to ConfigMap broker-imc/,
  );
});

test('a store that nobody names', async () => {
  await using kubernetes = await startKubernetes();
  const expected = [
    2,
    'No Secret xorflow-store in namespace xorflow: expected --redis, or --store-url such as redis://host:6379',
  ];
  assert.deepEqual(await refusalOf(deployTo(kubernetes, await planOf())), expected);
  kubernetes.put(NAMESPACE);
  assert.deepEqual(await refusalOf(deployTo(kubernetes, await planOf())), expected);
});

test('a cluster where nobody listens', async () => {
  const gone = await startKubernetes();
  await gone[Symbol.asyncDispose]();
  await using other = await startKubernetes();
  // The kubeconfig is gone with its server: that of another one, with the address of the first.
  const { readFile, writeFile } = await import('node:fs/promises');
  await writeFile(other.kubeconfig, (await readFile(other.kubeconfig, 'utf8')).replace(other.url, gone.url));
  const [code, message] = await refusalOf(deployTo(other, await planOf()));
  assert.equal(code, 3);
  assert.match(
    message,
    /^Cannot reach the cluster of context test at \S+: nobody listens there: is the cluster up, is its address right\?$/,
  );
});

test('an interruption ends the waiting at once', async () => {
  await using kubernetes = await startKubernetes({ readyAfter: () => undefined });
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('enough')), 200);
  const plan = await planOf({ storeUrl: 'redis://host' });
  await assert.rejects(deployTo(kubernetes, plan, { signal: controller.signal }), { message: 'enough' });
});
