import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { renderKustomization } from '../../../knative/kustomize/render.ts';
import type { KubernetesObject } from '../../../knative/kustomize/resource.ts';
import { renderWithKubectl, sortObjects } from '../../support/kubectl.ts';
import { makeFolder } from '../../support/manifests.ts';
import { FILES } from './fixture.ts';

const KNATIVE = fileURLToPath(new URL('../../../knative', import.meta.url));
const OVERLAYS = join(KNATIVE, 'overlays');
const overlays = existsSync(OVERLAYS) ? readdirSync(OVERLAYS, { recursive: true, encoding: 'utf8' }) : [];
const folders = overlays
  .filter((file) => basename(file) === 'kustomization.yaml')
  .map((file) => join('overlays', dirname(file)));

function named(objects: readonly KubernetesObject[], kind: string): KubernetesObject {
  return objects.find((object) => object.kind === kind) ?? assert.fail(`no ${kind}`);
}

/** Renders a kustomization with one resource, a Broker. */
async function renderText(kustomization: string, files: Record<string, string> = {}): Promise<KubernetesObject[]> {
  await using folder = await makeFolder({
    'kustomization.yaml': kustomization,
    'broker.yaml': 'apiVersion: eventing.knative.dev/v1\nkind: Broker\nmetadata: { name: default }\nspec: {}\n',
    ...files,
  });
  return await renderKustomization(folder.path);
}

for (const folder of ['base', ...folders]) {
  test(`knative/${folder} renders to the objects that kubectl makes of it`, async (context) => {
    const theirs = renderWithKubectl(join(KNATIVE, folder));
    if (theirs === undefined) return context.skip('no kubectl on this machine');
    assert.deepEqual(sortObjects(await renderKustomization(join(KNATIVE, folder))), sortObjects(theirs));
  });
}

test('a component that takes over what an overlay has given to others renders to the objects that kubectl makes of it', async (context) => {
  for (const overlay of ['plain', 'kubeflow-profile']) {
    const resources = relative(KNATIVE, join(OVERLAYS, overlay));
    const text = `namespace: somebody\nresources: [knative/${resources}]\ncomponents: [knative/components/kubeflow-runs]\n`;
    await using folder = await makeFolder({ 'kustomization.yaml': text });
    await cp(KNATIVE, join(folder.path, 'knative'), { recursive: true });
    const theirs = renderWithKubectl(folder.path);
    if (theirs === undefined) return context.skip('no kubectl on this machine');
    assert.deepEqual(sortObjects(await renderKustomization(folder.path)), sortObjects(theirs));
  }
});

test('a kustomization with all that is honoured renders to the objects that kubectl makes of it', async (context) => {
  await using folder = await makeFolder(FILES);
  const overlay = join(folder.path, 'overlay');
  const theirs = renderWithKubectl(overlay);
  if (theirs === undefined) return context.skip('no kubectl on this machine');
  assert.deepEqual(sortObjects(await renderKustomization(overlay)), sortObjects(theirs));
});

test('patches, namespace, labels and images reach what the components bring', async () => {
  await using folder = await makeFolder(FILES);
  const objects = await renderKustomization(join(folder.path, 'overlay'));
  assert.deepEqual(named(objects, 'Broker').metadata, {
    name: 'default',
    namespace: 'market',
    labels: { tier: 'events', 'app.kubernetes.io/part-of': 'shop' },
    annotations: { a: 'b', 'eventing.knative.dev/broker.class': 'Kafka' },
  });
  assert.match(JSON.stringify(named(objects, 'Service')), /"image":"registry\.example:5000\/shop:1\.0"/);
  assert.match(JSON.stringify(named(objects, 'StatefulSet')), /"image":"redis@sha256:abc/);
  assert.equal(objects.filter(({ kind }) => kind === 'Namespace').length, 0, 'a patch deletes it');
});

test('a component may be left out and another one added without a file for it', async () => {
  await using folder = await makeFolder(FILES);
  const objects = await renderKustomization(join(folder.path, 'overlay'), {
    omit: (component) => component.endsWith('kafka'),
  });
  assert.deepEqual(named(objects, 'Broker').metadata.annotations, { a: 'b' });
  const base = await renderKustomization(join(folder.path, 'base'), {
    components: [join(folder.path, 'components/kafka')],
  });
  assert.equal(named(base, 'ConfigMap').metadata.namespace, 'shop');
});

const REFUSED = {
  'namePrefix: a-\nresources: [broker.yaml]': /kustomization\.yaml: namePrefix: not supported$/,
  'resources: [broker.yaml]\nhelmCharts: []\ncommonLabels: {}':
    /helmCharts: not supported; commonLabels: not supported$/,
  'resources: [broker.yaml]\nlabels: [{ pairs: { a: b }, includeSelectors: true }]':
    /Wrong value true at labels\.0\.includeSelectors: expected false$/,
  'configMapGenerator: [{ name: a, literals: [b=c] }]': /Missing value at configMapGenerator\.0\.options: expected/,
  'configMapGenerator: [{ name: a, literals: [b], options: { disableNameSuffixHash: true } }]':
    /Wrong entry of a: expected key=value$/,
  'resources: ["https://example.com/a.yaml"]': /resources\.0: https:\S+ is elsewhere: expected a file or folder here$/,
  'resources: [nothing.yaml]': /No file or folder "nothing\.yaml" at resources\.0$/,
  'resources: [broker.yaml, broker.yaml]': /Broker default is there twice$/,
  'resources: [.]': /resources\.0: \. includes itself$/,
  'resources: [broker.yaml]\ncomponents: [nowhere]': /nowhere: no kustomization\.yaml: expected a folder of manifests$/,
  'resources: [broker.yaml]\npatches: [{ patch: "[{op: move, path: /a, from: /b}]", target: { kind: Broker } }]':
    /patches\.0: Wrong value "move" at 0\.op/,
  'resources: [broker.yaml]\npatches: [{ patch: "[{op: remove, path: /spec/a}]", target: { kind: Broker } }]':
    /patches\.0: nothing at \/spec\/a to remove$/,
  'resources: [broker.yaml]\npatches: [{ patch: "[{op: test, path: /kind, value: a}]", target: { kind: Broker } }]':
    /patches\.0: test of \/kind failed$/,
  'resources: [broker.yaml]\npatches: [{ patch: "[]" }]': /patches\.0: operations without a target/,
  'resources: [broker.yaml]\npatches: [{ target: { kind: Broker } }]': /patches\.0: expected either path or patch$/,
  'resources: [broker.yaml]\npatches: [{ patch: "{apiVersion: v1, kind: Pod, metadata: {name: a}}" }]':
    /patches\.0: 0 objects are Pod a: expected one$/,
  'resources: [broker.yaml]\npatches: [{ patch: "{spec: {$patch: merge, $retainKeys: []}}", target: { kind: Broker } }]':
    /patches\.0: spec\.\$retainKeys: \[\] is not supported$/,
  'resources: [broker.yaml]\npatches: [{ patch: "a: b", target: { labelSelector: "a in (b)" } }]':
    /patches\.0: selector "a in \(b\)": expected key, key=value or key!=value$/,
  'resources: [broker.yaml]\nreplacements: [{ source: { kind: Pod, fieldPath: metadata.name }, targets: [] }]':
    /replacements\.0\.source: 0 objects are meant: expected one$/,
  'resources: [broker.yaml]\nreplacements: [{ source: { kind: Broker, fieldPath: spec.a }, targets: [] }]':
    /replacements\.0\.source: nothing at spec\.a$/,
  'resources: [broker.yaml]\nreplacements: [{ source: { kind: Broker, fieldPath: "a.[b=c]" }, targets: [] }]':
    /Wrong value "a\.\[b=c\]" at replacements\.0\.source\.fieldPath: expected names of fields/,
  'resources: [broker.yaml]\nreplacements: [{ source: { kind: Broker, fieldPath: kind }, targets: [{ select: { kind: Broker }, fieldPaths: [spec.a] }] }]':
    /replacements\.0\.targets: nothing at spec\.a of Broker default$/,
  'resources: [broker.yaml]\nreplacements: [{ source: { kind: Broker, fieldPath: kind }, targets: [{ select: { kind: Pod }, fieldPaths: [a] }] }]':
    /replacements\.0\.targets: no object is meant by \{"kind":"Pod"\}$/,
} as const;

for (const [kustomization, message] of Object.entries(REFUSED)) {
  test(`refused with its place: ${kustomization.replaceAll('\n', '; ')}`, async () => {
    await assert.rejects(renderText(kustomization), { code: 'INVALID_MANIFEST', message });
  });
}

test('a list of Kubernetes that has no known merge key is refused by its path', async () => {
  const pod = 'apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec: { hostAliases: [{ ip: "1" }] }\n';
  const patch = '{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {hostAliases: [{ip: "2"}]}}';
  await assert.rejects(renderText(`resources: [pod.yaml]\npatches: [{ patch: '${patch}' }]`, { 'pod.yaml': pod }), {
    message: /patches\.0: spec\.hostAliases: a list is not supported$/,
  });
});

test('words that YAML 1.1 and 1.2 read differently are refused with their line', async () => {
  for (const word of ['on', 'No', '0644']) {
    const text = `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${word}\n`;
    await assert.rejects(renderText('resources: [pod.yaml]', { 'pod.yaml': text }), {
      message: new RegExp(`pod\\.yaml: line 4: unquoted ${word} is read differently by Kubernetes: quote it$`),
    });
  }
});

test('a file that is named and not there is refused', async () => {
  await assert.rejects(renderText('resources: [broker.yaml]\npatches: [{ path: gone.yaml }]'), {
    message: /gone\.yaml: there is no such file$/,
  });
});

test('a document that is no object, and text that is no YAML, are refused with their place', async () => {
  await assert.rejects(renderText('resources: [a.yaml]', { 'a.yaml': '# none\n---\na: b' }), {
    message: /a\.yaml: document 1 is no object: expected apiVersion, kind and metadata\.name$/,
  });
  await assert.rejects(renderText('resources: [a.yaml]', { 'a.yaml': 'a: [' }), { message: /a\.yaml: line 1: / });
});
