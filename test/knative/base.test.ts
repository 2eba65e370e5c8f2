import assert from 'node:assert/strict';
import { glob, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parse, parseAllDocuments } from 'yaml';
import { CATALOGUE } from '../../events/registry.ts';
import type { FunctionDefinition } from '../../functions/host/function.ts';
import { loadManifests } from '../../knative/local/manifests.ts';
import { toTopology } from '../../knative/local/topology.ts';
import { CRDS, makeValidator } from '../support/crds.ts';
import { RULES } from './rules/all.ts';
import { CLASS } from './rules/brokers.ts';
import { hasPublishedSchema } from './rules/kinds.ts';
import { at, BROKER, type Fields, fieldsAt, functionPodsOf, ofType, SERVICE, titleOf } from './rules/set.ts';
import { chainOf, EMITS, functionOfTrigger, RECORD_ONLY, typeOfTrigger } from './rules/triggers.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const BASE = join(ROOT, 'knative/base');

const raw = await loadManifests(BASE);
const base = raw.map(({ document }) => document as Fields);
/** What no cluster has to have: functions that a component adds, with their Triggers. */
const added = (
  await Array.fromAsync(glob('knative/components/*/*.yaml', { cwd: ROOT }), (file) =>
    readFile(join(ROOT, file), 'utf8'),
  )
).flatMap((text) => parseAllDocuments(text).map((document) => document.toJS() as Fields));
const all = [...base, ...added];
const pods = functionPodsOf(all);
const validate = await makeValidator();

for (const rule of RULES) test(`base: ${rule.name}`, () => assert.deepEqual(rule.check(base), []));

test('base: the local interpreter honours all of it, in the namespace xorflow', () => {
  assert.equal(toTopology(raw).namespace, 'xorflow');
  assert.deepEqual(ofType(base, 'v1/Namespace').map(titleOf), ['Namespace xorflow']);
});

test('base: the overlay of a laptop is no more and no less, to the local interpreter too', async () => {
  const overlay = await loadManifests(join(ROOT, 'knative/overlays/local'));
  assert.deepEqual(
    overlay.map(({ document }) => document),
    base,
  );
});

test('base: the class of the Broker is left to the cluster', () => {
  for (const broker of ofType(base, BROKER)) {
    assert.equal(at(broker, 'metadata', 'annotations', CLASS), undefined);
    assert.equal(at(broker, 'spec', 'config'), undefined);
  }
});

test('base: no Secret is in the repository', () => {
  assert.deepEqual(ofType(base, 'v1/Secret'), []);
});

test('base: every custom resource is valid against the schema that the cluster has for it', (context) => {
  if (validate === undefined) return context.skip(`no folder ${CRDS}`);
  const resources = base.filter(hasPublishedSchema);
  assert.ok(resources.length > 0);
  assert.deepEqual(
    resources.flatMap((document) => validate(document).map((problem) => `${titleOf(document)}: ${problem}`)),
    [],
  );
});

test('a field that the cluster does not know is refused by the schemas that the manifests are tested with', (context) => {
  if (validate === undefined) return context.skip(`no folder ${CRDS}`);
  const service = structuredClone(ofType(base, SERVICE)[0]) ?? assert.fail();
  fieldsAt(service, 'spec', 'template', 'spec', 'containers', 0).comand = ['node'];
  assert.match(validate(service).join(), /additional properties.*comand/);
});

test('base: a function that a component adds is not there', () => {
  const ours = new Set(functionPodsOf(base).map(({ name }) => name));
  const others = functionPodsOf(added).map(({ name }) => name);
  assert.deepEqual(others, ['runs']);
  assert.deepEqual(
    others.filter((name) => ours.has(name)),
    [],
  );
});

test('every function of the project runs somewhere, by its own program', async () => {
  const entries = await Array.fromAsync(glob('functions/*/index.ts', { cwd: ROOT }));
  const names = entries.map((file) => file.split(/[/\\]/)[1]).sort();
  assert.deepEqual([...new Set(pods.map(({ name }) => name))].sort(), names);
  for (const { title, container } of pods)
    assert.match(
      [container.command, container.args ?? []].flat().join(' '),
      /^node functions\/[a-z-]+\/index\.ts$/,
      title,
    );
});

for (const name of new Set(pods.map((pod) => pod.name))) {
  test(`function ${name}: accepts what its Triggers send it, and nothing that never comes`, async () => {
    const file = pathToFileURL(join(ROOT, `functions/${name}/index.ts`)).href;
    const { definition } = (await import(file)) as { definition: FunctionDefinition };
    assert.equal(definition.name, name);
    if (definition.accepts === 'all') return;
    const accepted: readonly string[] = definition.accepts;
    const sent = chainOf(all)
      .filter((trigger) => functionOfTrigger(all, trigger) === name)
      .map(typeOfTrigger);
    assert.deepEqual(
      sent.filter((type) => !accepted.includes(type)),
      [],
    );
    assert.deepEqual(
      accepted.filter((type) => !sent.includes(type) && !RECORD_ONLY.includes(type)),
      [],
      'accepted, but never sent',
    );
  });

  test(`function ${name}: makes no event that the graph of types does not know of`, async () => {
    const made = new Set<string>();
    for await (const file of glob(`functions/${name}/**/*.ts`, { cwd: ROOT })) {
      const text = await readFile(join(ROOT, file), 'utf8');
      for (const [, definition = ''] of text.matchAll(/\b(?:makeEvent|made)\((\w+),/g)) made.add(definition);
    }
    // The gateway takes requests in, also those to stop, and makes failures of dead letters.
    const own = ['experiment.requested', 'trial.completed', 'trial.cancelled'];
    const allowed = name === 'gateway' ? own : (EMITS[name] ?? []);
    const types = CATALOGUE.map(({ type }) => type).filter((type) => made.has(camel(type)));
    assert.deepEqual(
      types.filter((type) => type !== 'experiment.failed' && !allowed.includes(type)),
      [],
    );
  });
}

/** `model.trained` is `modelTrained` in the sources. */
function camel(type: string): string {
  return type.replace(/\.(\w)/g, (_, letter: string) => letter.toUpperCase());
}

test('every file of the folder is a resource of the kustomization', async () => {
  const { resources } = parse(await readFile(join(BASE, 'kustomization.yaml'), 'utf8')) as { resources: string[] };
  const files = (await readdir(BASE)).filter((file) => file !== 'kustomization.yaml');
  assert.deepEqual([...resources].sort(), files.sort());
});
