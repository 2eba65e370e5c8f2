import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatChange } from '../../../scripts/deploy/changes.ts';
import { openCluster } from '../../../scripts/deploy/cluster.ts';
import { diff } from '../../../scripts/deploy/diff.ts';
import type { Plan } from '../../../scripts/deploy/plan.ts';
import { type StandIn, startKubernetes } from '../../support/kubernetes/server.ts';
import { deployTo, planOf } from './fixture.ts';

/** What differs, as the command shows it. */
async function linesOf({ kubeconfig }: StandIn, plan: Plan, force = false): Promise<string[]> {
  const cluster = await openCluster({ kubeconfig }, new AbortController().signal);
  const differences = await diff(cluster, plan, force);
  return differences.flatMap(({ object, kind, changes }) =>
    kind === 'unchanged' ? [] : [`${kind} ${object.kind} ${object.metadata.name}`, ...changes.map(formatChange)],
  );
}

test('where nothing is yet everything is new, and nothing is made by asking', async () => {
  await using kubernetes = await startKubernetes();
  const plan = await planOf({ storeUrl: 'redis://host' });
  const expected = plan.objects.map(({ kind, metadata }) => `new ${kind} ${metadata.name}`);
  assert.deepEqual(await linesOf(kubernetes, plan), expected);
  assert.equal(kubernetes.objects.size, 0);
});

test('what is deployed differs in nothing, whatever the cluster has filled in', async () => {
  await using kubernetes = await startKubernetes();
  await deployTo(kubernetes, await planOf({ hasRedis: true }));
  const filled = JSON.stringify([...kubernetes.objects.values()]);
  for (const field of ['podManagementPolicy', 'config-br-default-channel', 'resourceVersion'])
    assert.ok(filled.includes(field));
  assert.deepEqual(await linesOf(kubernetes, await planOf({ hasRedis: true })), []);
  assert.deepEqual(await linesOf(kubernetes, await planOf()), []);
});

test('a field that changes, one that comes and one that goes are named by their paths, items by their names', async () => {
  await using kubernetes = await startKubernetes();
  const plan = await planOf({ storeUrl: 'redis://host' });
  const withEnv = (env: readonly object[], more: object): Plan => ({
    ...plan,
    objects: plan.objects.map((object) =>
      object.kind === 'Service'
        ? { ...object, spec: { template: { spec: { containers: [{ name: 'c', image: 'i', env }], ...more } } } }
        : object,
    ),
  });
  const [a, b, c] = ['A', 'B', 'C'].map((name) => ({ name, value: name }));
  await deployTo(kubernetes, withEnv([a ?? {}, b ?? {}], { timeoutSeconds: 60 }));
  const env = [c ?? {}, { name: 'A', value: 'new' }];
  assert.deepEqual(await linesOf(kubernetes, withEnv(env, { containerConcurrency: 2 })), [
    'changed Service gateway',
    '~ spec.template.spec.containers[c].env[A].value: "A" -> "new"',
    '- spec.template.spec.containers[c].env[B]: {"name":"B","value":"B"}',
    '+ spec.template.spec.containers[c].env[C]: {"name":"C","value":"C"}',
    '- spec.template.spec.timeoutSeconds: 60',
    '+ spec.template.spec.containerConcurrency: 2',
  ]);
});

test('what a Secret holds is not shown', async () => {
  await using kubernetes = await startKubernetes();
  await deployTo(kubernetes, await planOf({ storeUrl: 'redis://host' }));
  assert.deepEqual(await linesOf(kubernetes, await planOf({ storeUrl: 'redis://other' })), [
    'changed Secret xorflow-store',
    '~ data.url: "(hidden)" -> "(hidden)"',
  ]);
});

test('fields of others are refused as deploying would, unless they would be taken over', async () => {
  await using kubernetes = await startKubernetes();
  await deployTo(kubernetes, await planOf({ storeUrl: 'redis://host' }));
  const theirs = kubernetes.objects.get('Trigger/xorflow/record') ?? assert.fail();
  kubernetes.put({ ...theirs, spec: { ...(theirs.spec as object), broker: 'theirs' } });
  await assert.rejects(linesOf(kubernetes, await planOf()), { code: 'FIELD_CONFLICT' });
  assert.deepEqual(await linesOf(kubernetes, await planOf(), true), [
    'changed Trigger record',
    '~ spec.broker: "theirs" -> "default"',
  ]);
});
