import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../../../knative/kustomize/resource.ts';
import { startKubernetes } from '../../support/kubernetes/server.ts';
import { deployTo, NAMESPACE, patched, planOf } from './fixture.ts';

const SECRET: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'xorflow-store', namespace: 'xorflow' },
  data: { password: 'b2xk', url: 'b2xk' },
};

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

test('an interruption ends the waiting at once', async () => {
  await using kubernetes = await startKubernetes({ readyAfter: () => undefined });
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error('enough')), 200);
  const plan = await planOf({ storeUrl: 'redis://host' });
  await assert.rejects(deployTo(kubernetes, plan, { signal: controller.signal }), { message: 'enough' });
});
