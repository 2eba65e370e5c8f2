import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KubernetesObject } from '../../../knative/kustomize/resource.ts';
import { toChoices } from '../../../scripts/deploy/choices.ts';
import { openCluster } from '../../../scripts/deploy/cluster.ts';
import { makeRemovalPlan } from '../../../scripts/deploy/plan.ts';
import { type Removal, undeploy } from '../../../scripts/deploy/undeploy.ts';
import { type StandIn, startKubernetes } from '../../support/kubernetes/server.ts';
import { deployTo, makeManifestTree, planOf } from './fixture.ts';

const CLAIM: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'data-redis-0', namespace: 'xorflow' },
};

async function remove({ kubeconfig }: StandIn, { all = false, timeoutMs = 10_000 } = {}): Promise<Removal> {
  await using tree = await makeManifestTree();
  const { signal } = new AbortController();
  const plan = await makeRemovalPlan(toChoices({ overlay: tree.overlay('plain') }));
  const cluster = await openCluster({ kubeconfig }, signal);
  return await undeploy(cluster, plan, { all, timeoutMs, signal, say: () => undefined });
}

const deletedBy = ({ requests }: StandIn) =>
  requests.flatMap((request) => /^DELETE .*\/([^/]+\/[^/]+)\?/.exec(request)?.[1] ?? []);

test('what was deployed goes in the reverse order, whatever broker and store it was deployed with', async () => {
  await using kubernetes = await startKubernetes();
  await deployTo(kubernetes, await planOf({ broker: 'kafka', hasRedis: true }));
  kubernetes.put(CLAIM);
  const { deleted, kept, stuck } = await remove(kubernetes);
  assert.deepEqual(deletedBy(kubernetes), [
    'triggers/record',
    'jobsinks/train-job',
    'services/gateway',
    'sinkbindings/functions',
    'statefulsets/redis',
    'services/redis',
    'brokers/default',
    'secrets/xorflow-store',
    'configmaps/broker-kafka',
  ]);
  assert.equal(deleted.length, 9);
  assert.deepEqual(stuck, []);
  assert.deepEqual(kept, [
    { object: 'PersistentVolumeClaim data-redis-0 in namespace xorflow', why: '--all deletes it too' },
    { object: 'Namespace xorflow', why: '--all deletes it too' },
  ]);
  assert.deepEqual(
    [...kubernetes.objects.keys()],
    ['Namespace//xorflow', 'PersistentVolumeClaim/xorflow/data-redis-0'],
  );
});

test('with all, the namespace and the volumes of Redis go too', async () => {
  await using kubernetes = await startKubernetes();
  await deployTo(kubernetes, await planOf({ hasRedis: true }));
  kubernetes.put(CLAIM);
  kubernetes.put({ ...CLAIM, metadata: { name: 'data-other-0', namespace: 'xorflow' } });
  const { kept } = await remove(kubernetes, { all: true });
  assert.deepEqual(kept, []);
  assert.deepEqual([...kubernetes.objects.keys()], ['PersistentVolumeClaim/xorflow/data-other-0']);
});

test('what has our names and not our label stays, with its volumes', async () => {
  await using kubernetes = await startKubernetes();
  kubernetes.put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'xorflow' } });
  kubernetes.put({ apiVersion: 'apps/v1', kind: 'StatefulSet', metadata: { name: 'redis', namespace: 'xorflow' } });
  kubernetes.put(CLAIM);
  const { deleted, kept } = await remove(kubernetes, { all: true });
  assert.deepEqual(deleted, []);
  assert.deepEqual(
    kept.map(({ object, why }) => `${object.split(' ')[0]}: ${why}`),
    ['StatefulSet', 'PersistentVolumeClaim', 'Namespace'].map(
      (kind) => `${kind}: it lacks the label app.kubernetes.io/part-of=xorflow`,
    ),
  );
});

test('where nothing is, nothing is deleted, whatever is not installed', async () => {
  await using kubernetes = await startKubernetes({ lacks: ['eventing.knative.dev', 'serving.knative.dev'] });
  assert.deepEqual(await remove(kubernetes), { deleted: [], kept: [], stuck: [] });
  assert.deepEqual(deletedBy(kubernetes), []);
});

test('what does not go in time is told with whom it waits for, and what it needs is not touched', async () => {
  const finalizers = ({ kind }: KubernetesObject) =>
    kind === 'Trigger' ? ['kafka.triggers.eventing.knative.dev'] : [];
  await using kubernetes = await startKubernetes({ finalizers });
  await deployTo(kubernetes, await planOf({ storeUrl: 'redis://host' }));
  const { deleted, stuck } = await remove(kubernetes, { timeoutMs: 200 });
  assert.deepEqual(deleted, []);
  assert.deepEqual(stuck, [
    {
      object: 'Trigger record in namespace xorflow',
      why: 'it waits for kafka.triggers.eventing.knative.dev: is what removes that running?',
    },
  ]);
  assert.ok(kubernetes.objects.has('Broker/xorflow/default'));
});

test('whoever may not delete is told what is lacking', async () => {
  await using kubernetes = await startKubernetes({ forbids: ['delete triggers.eventing.knative.dev'] });
  await deployTo(kubernetes, await planOf({ storeUrl: 'redis://host' }));
  await assert.rejects(remove(kubernetes), {
    code: 'CLUSTER_REFUSED',
    message: /jane may not delete triggers\.eventing\.knative\.dev in namespace xorflow/,
  });
});
