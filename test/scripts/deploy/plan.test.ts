import assert from 'node:assert/strict';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { renderKustomization } from '../../../knative/kustomize/render.ts';
import type { KubernetesObject } from '../../../knative/kustomize/resource.ts';
import { BROKERS, toChoices, toTimeout } from '../../../scripts/deploy/choices.ts';
import { makePlan, makeRemovalPlan } from '../../../scripts/deploy/plan.ts';
import { moveNamespace } from '../../../scripts/deploy/rename.ts';
import { renderWithKubectl, sortObjects } from '../../support/kubectl.ts';
import { IMAGE, makeManifestTree, planOf } from './fixture.ts';

const KNATIVE = fileURLToPath(new URL('../../../knative', import.meta.url));
const titles = (objects: readonly KubernetesObject[]) =>
  objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);

test('what others depend on comes first, and Triggers come last', async () => {
  assert.deepEqual(titles((await planOf({ broker: 'kafka', hasRedis: true })).objects), [
    'Namespace xorflow',
    'ConfigMap broker-kafka',
    'Secret xorflow-store',
    'Broker default',
    'StatefulSet redis',
    'Service redis',
    'SinkBinding functions',
    'Service gateway',
    'JobSink train-job',
    'Trigger record',
  ]);
});

test('another namespace is that of all objects, of what names it, and of nothing else', async () => {
  const { namespace, objects } = await planOf({ namespace: 'alice', hasRedis: true });
  assert.equal(namespace, 'alice');
  for (const { kind, metadata } of objects) {
    assert.equal(kind === 'Namespace' ? metadata.name : metadata.namespace, 'alice', `${kind} ${metadata.name}`);
  }
  const policy: KubernetesObject = {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: 'xorflow', namespace: 'istio-system' },
    spec: {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'xorflow', app: 'xorflow' } },
      source: { namespaces: ['istio-system', 'xorflow'] },
      ref: { name: 'xorflow', namespace: 'xorflow' },
      url: 'redis://redis.xorflow.svc:6379',
    },
  };
  assert.deepEqual(moveNamespace([policy], 'xorflow', 'alice')[0], {
    ...policy,
    spec: {
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'alice', app: 'xorflow' } },
      source: { namespaces: ['istio-system', 'alice'] },
      ref: { name: 'xorflow', namespace: 'alice' },
      url: 'redis://redis.alice.svc:6379',
    },
  });
});

test('the image is that of the option in every function and job, and of nothing else', async () => {
  const { objects } = await planOf({
    hasRedis: true,
    image: 'localhost:5000/me/xorflow@sha256:'.concat('a'.repeat(64)),
  });
  const images = [...JSON.stringify(objects).matchAll(/"image":"([^"]+)"/g)].map(([, image]) => image?.slice(0, 30));
  assert.deepEqual(images, ['redis:8', 'localhost:5000/me/xorflow@sha2', 'localhost:5000/me/xorflow@sha2']);
});

test('without an image the object that lacks it is named', async () => {
  await using tree = await makeManifestTree();
  await assert.rejects(makePlan(toChoices({ overlay: tree.overlay('plain') })), {
    code: 'INVALID_ARGUMENT',
    message: /^No image for JobSink train-job: expected --image REF, such as --image \S+$/,
  });
});

test('a Redis of its own gets a password that nobody has had before, the same in the URL', async () => {
  const [one, other] = await Promise.all([planOf({ hasRedis: true }), planOf({ hasRedis: true })]);
  const dataOf = ({ objects }: typeof one) => {
    const { url, password } = (objects.find(({ kind }) => kind === 'Secret')?.data ?? {}) as Record<string, string>;
    return [url, password].map((text) => Buffer.from(text ?? '', 'base64').toString());
  };
  const [url, password = ''] = dataOf(one);
  assert.match(password, /^[0-9a-f]{48}$/);
  assert.equal(url, `redis://:${password}@redis:6379/0`);
  assert.notDeepEqual(dataOf(one), dataOf(other));
  assert.deepEqual([one.isStoreNew, one.lacksStore, (await planOf()).lacksStore], [true, false, true]);
});

test('the URL of a store becomes the Secret that the functions read', async () => {
  const { objects, lacksStore } = await planOf({ storeUrl: 'rediss://user:pass@host:6380/1' });
  assert.equal(lacksStore, false);
  assert.deepEqual(
    objects.find(({ kind }) => kind === 'Secret'),
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: {
        name: 'xorflow-store',
        namespace: 'xorflow',
        labels: { 'app.kubernetes.io/part-of': 'xorflow' },
      },
      type: 'Opaque',
      data: { url: Buffer.from('rediss://user:pass@host:6380/1').toString('base64') },
    },
  );
});

test('what is removed is whatever any choice of broker and store may have made', async () => {
  await using tree = await makeManifestTree();
  const { objects } = await makeRemovalPlan(toChoices({ overlay: tree.overlay('plain') }));
  const names = titles(objects);
  for (const name of ['broker-imc', 'broker-kafka', 'broker-rabbitmq']) assert.ok(names.includes(`ConfigMap ${name}`));
  for (const title of ['StatefulSet redis', 'Secret xorflow-store', 'Trigger record']) assert.ok(names.includes(title));
  assert.equal(new Set(names).size, names.length);
});

test('an overlay without a Broker stays by itself, and names the namespace that is chosen', async () => {
  await using tree = await makeManifestTree();
  const choices = toChoices({ overlay: tree.overlay('platform'), namespace: 'alice', storeUrl: 'redis://host' });
  for (const { objects } of [await makePlan(choices), await makeRemovalPlan(choices)]) {
    assert.deepEqual(titles(objects), ['NetworkPolicy gate']);
    assert.equal(objects[0]?.metadata.namespace, 'istio-system');
    assert.match(JSON.stringify(objects), /"kubernetes\.io\/metadata\.name":"alice"/);
  }
});

const WRONG = [
  [{ overlay: 'nothing' }, /^Wrong value "nothing" at --overlay: expected .*a folder such as \.\/my\/overlay$/],
  [{ broker: 'nats' }, /^Wrong value "nats" at --broker: expected one of imc, kafka, rabbitmq$/],
  [
    { namespace: 'Me' },
    /^Wrong value "Me" at --namespace: expected lower-case letters, digits and hyphens, at most 63$/,
  ],
  [{ image: 'Bad Image' }, /^Wrong value "Bad Image" at --image: expected a reference such as/],
  [{ storeUrl: 'http://:secret@host' }, /^Wrong value at --store-url: expected a URL such as redis:\/\/host:6379$/],
  [{ redis: true, storeUrl: 'redis://a' }, /^Both --redis and --store-url: expected one of them/],
] as const;

for (const [options, message] of WRONG) {
  test(`refused: ${JSON.stringify(options)}`, async () => {
    await using tree = await makeManifestTree();
    assert.throws(() => toChoices({ overlay: tree.overlay('plain'), ...options }), {
      code: 'INVALID_ARGUMENT',
      message,
    });
  });
}

test('a timeout is a number of seconds', () => {
  assert.equal(toTimeout('1.5'), 1500);
  for (const text of ['0', '-1', 'x', '', '1e9'])
    assert.throws(() => toTimeout(text), /at --timeout: expected seconds/);
});

test('the manifests of the project render with every broker and Redis to what kubectl makes of them', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'xorflow-test-'));
  context.after(() => rm(folder, { recursive: true, force: true }));
  for (const name of ['base', 'components', 'overlays'])
    await cp(join(KNATIVE, name), join(folder, name), { recursive: true });
  await writeFile(join(folder, 'components/redis/redis.env'), 'password=p\nurl=redis://:p@redis:6379/0\n');
  for (const overlay of ['plain', 'kubeflow-profile']) {
    for (const broker of BROKERS) {
      const components = [`../../components/broker-${broker}`, '../../components/redis'];
      const place = join(folder, 'overlays', overlay);
      await cp(place, join(folder, 'overlays', 'tried'), { recursive: true });
      const tried = join(folder, 'overlays', 'tried', 'kustomization.yaml');
      const text = `resources: [../${overlay}]\ncomponents: ${JSON.stringify(components)}\n`;
      await writeFile(tried, text);
      const theirs = renderWithKubectl(join(folder, 'overlays', 'tried'));
      if (theirs === undefined) return context.skip('no kubectl on this machine');
      const ours = await renderKustomization(place, { components: components.map((path) => join(place, path)) });
      assert.deepEqual(sortObjects(ours), sortObjects(theirs), `${overlay} with ${broker}`);
      const plan = await makePlan(toChoices({ overlay: place, broker, redis: true, image: IMAGE, namespace: 'alice' }));
      assert.equal(plan.objects.length, ours.length);
    }
  }
});
