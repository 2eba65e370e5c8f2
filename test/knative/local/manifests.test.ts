import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadManifests } from '../../../knative/local/manifests.ts';
import { makeFolder } from '../../support/manifests.ts';

const MAP = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ';

async function load(files: Record<string, string>, from = '.') {
  await using folder = await makeFolder(files);
  return await loadManifests(`${folder.path}/${from}`);
}

async function refusal(files: Record<string, string>): Promise<string> {
  try {
    await load(files);
  } catch (error) {
    assert.equal((error as { code?: string }).code, 'INVALID_MANIFEST');
    return (error as Error).message.replaceAll(/^\S*\/xorflow-test-[^/\s]+\/?/gm, '');
  }
  return assert.fail('accepted');
}

test('resources are read in order, folders and several documents in a file included', async () => {
  const loaded = await load({
    'kustomization.yaml': 'resources: [a.yaml, more]',
    'a.yaml': `${MAP}one\n---\n# nothing but a comment\n---\n${MAP}two\n`,
    'more/kustomization.yaml': 'resources: [b.yaml]',
    'more/b.yaml': `${MAP}three`,
  });
  assert.deepEqual(
    loaded.map(({ document }) => (document as { metadata: unknown }).metadata),
    [{ name: 'one' }, { name: 'two' }, { name: 'three' }],
  );
});

test('the outermost namespace counts, for the Namespace itself too', async () => {
  const loaded = await load(
    {
      'overlay/kustomization.yaml': 'namespace: outer\nresources: [../base]',
      'base/kustomization.yaml': 'namespace: inner\nresources: [a.yaml]',
      'base/a.yaml': `${MAP}one\n  namespace: own\n---\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: inner`,
    },
    'overlay',
  );
  assert.deepEqual(
    loaded.map(({ document }) => (document as { metadata: unknown }).metadata),
    [{ name: 'one', namespace: 'outer' }, { name: 'outer' }],
  );
});

test('a field is found with its file and line, or the nearest one above it', async () => {
  const [manifest] = await load({ 'kustomization.yaml': 'resources: [a.yaml]', 'a.yaml': `# a comment\n${MAP}one\n` });
  assert.match(manifest?.place(['metadata', 'name']) ?? '', /\/a\.yaml:5$/);
  assert.match(manifest?.place(['metadata', 'labels', 'x']) ?? '', /\/a\.yaml:4$/);
});

const REFUSED: readonly [behaviour: string, files: Record<string, string>, message: string | RegExp][] = [
  [
    'a folder without a kustomization',
    { 'a.yaml': MAP },
    /^.*No kustomization\.yaml in .*: expected a folder of manifests$/,
  ],
  [
    'a resource that is not there',
    { 'kustomization.yaml': 'resources:\n  - nowhere.yaml' },
    'kustomization.yaml:2: No file or folder "nowhere.yaml" at resources.0',
  ],
  [
    'what the interpreter does not apply, such as patches',
    { 'kustomization.yaml': 'resources: [a.yaml]\npatches: []', 'a.yaml': `${MAP}one` },
    'kustomization.yaml:2: kustomization patches: not supported locally',
  ],
  [
    'a folder that includes itself',
    { 'kustomization.yaml': 'resources: [.]' },
    'kustomization.yaml:1: resources.0 includes itself',
  ],
  [
    'YAML that cannot be read',
    { 'kustomization.yaml': 'resources: [a.yaml]', 'a.yaml': `${MAP}one\n  name: two` },
    'a.yaml:5: Map keys must be unique',
  ],
  [
    'a word that Kubernetes reads as a boolean',
    { 'kustomization.yaml': 'resources: [a.yaml]', 'a.yaml': `${MAP}one\ndata:\n  colour: off` },
    'a.yaml:6: Unquoted off is a boolean in Kubernetes and a string here: quote it',
  ],
];

for (const [behaviour, files, message] of REFUSED) {
  test(`refused: ${behaviour}`, async () => {
    const said = await refusal(files);
    if (typeof message === 'string') assert.equal(said, message);
    else assert.match(said, message);
  });
}
