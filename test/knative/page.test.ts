import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { loadManifests } from '../../knative/local/manifests.ts';
import { canBuild, makeWorkbench, REDIS_ENV } from '../support/kustomize.ts';
import { breaches, RULES } from './rules/all.ts';
import { CLASS_RULES, CLASSES } from './rules/brokers.ts';
import { at, type Fields, fieldsAt, functionPodsOf, nameOf, ofType, SERVICE } from './rules/set.ts';

const ROOT = new URL('../../', import.meta.url);
const page = await readFile(new URL('docs/cluster.md', ROOT), 'utf8');

/** The row of the table of sizes that a Service's manifest makes. */
function rowOf(service: Fields): string {
  const { containerConcurrency, timeoutSeconds } = fieldsAt(service, 'spec', 'template', 'spec');
  const annotations = fieldsAt(service, 'spec', 'template', 'metadata', 'annotations');
  const resources = fieldsAt(service, 'spec', 'template', 'spec', 'containers', 0, 'resources');
  const pair = (name: string) =>
    `${String(at(resources, 'requests', name))} / ${String(at(resources, 'limits', name))}`;
  const [min, max] = ['min', 'max'].map((end) => String(annotations[`autoscaling.knative.dev/${end}-scale`]));
  const cells = [
    `\`${nameOf(service)}\``,
    containerConcurrency === 0 ? 'any number' : String(containerConcurrency),
    `${min} to ${max}`,
    pair('cpu'),
    pair('memory'),
    `${String(timeoutSeconds)} s`,
  ];
  return `| ${cells.join(' | ')} |`;
}

test('the page for operators: the sizes are those of the manifests', async () => {
  const base = (await loadManifests(fileURLToPath(new URL('knative/base', ROOT)))).map(
    ({ document }) => document as Fields,
  );
  const rows = ofType(base, SERVICE).map(rowOf);
  assert.deepEqual(
    rows.filter((row) => !page.includes(row)),
    [],
  );
});

test('the page for operators: it names every component of a broker with its class', () => {
  for (const [component, name] of Object.entries(CLASSES))
    assert.ok(page.includes(`| \`${component}\` | \`${name}\` |`), name);
});

test('the page for operators: every folder of the manifests that it names is there, and every heading that it links to', () => {
  const folders = [...page.matchAll(/knative\/(?:components|overlays)\/[\w/-]+/g)].map(([path]) => path);
  assert.ok(folders.length >= 5);
  for (const folder of folders) assert.ok(existsSync(new URL(folder, ROOT)), folder);
  const headings = [...page.matchAll(/^#+ (.+)$/gm)].map(([, text = '']) => text.toLowerCase().replaceAll(' ', '-'));
  for (const [, anchor = ''] of page.matchAll(/\]\(#([^)]+)\)/g)) assert.ok(headings.includes(anchor), anchor);
});

suite('the kustomization on the page for operators', { skip: (await canBuild()) ? false : 'no kubectl' }, () => {
  test('is built, keeps the rules, and does what the page says', async () => {
    const [, text] = /```yaml\n(apiVersion: kustomize[\s\S]*?)```/.exec(page) ?? [];
    await using workbench = await makeWorkbench(REDIS_ENV);
    const set = await workbench.buildText(text ?? assert.fail());
    assert.deepEqual(breaches(set, [...RULES, ...CLASS_RULES]), []);
    const [pod] = functionPodsOf(set);
    assert.match(String(pod?.container.image), /^registry\.example\/team\/xorflow:/);
    const config = ofType(set, 'v1/ConfigMap').find((document) => nameOf(document) === 'broker-kafka');
    assert.equal(at(config, 'data', 'bootstrap.servers'), 'my-kafka-bootstrap.kafka:9092');
  });
});
