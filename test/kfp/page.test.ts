import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { PARAMETERS } from '../../kfp/parameters.ts';
import { STEPS } from '../../kfp/pipeline.ts';
import { breaches, RULES } from '../knative/rules/all.ts';
import { CLASS_RULES } from '../knative/rules/brokers.ts';
import { objectionsToObject } from '../knative/rules/kinds.ts';
import { PROFILE_RULES } from '../knative/rules/kubeflow.ts';
import { canBuild, makeWorkbench, REDIS_ENV } from '../support/kustomize.ts';

const ROOT = new URL('../../', import.meta.url);
const page = await readFile(new URL('docs/pipelines.md', ROOT), 'utf8');
const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => text);

test('the page of pipelines: its parameters are those of the pipeline', () => {
  const rows = Object.entries(PARAMETERS).map(
    ([name, { parameterType, defaultValue }]) =>
      `| \`${name}\` | ${parameterType} | \`${JSON.stringify(defaultValue)}\` |`,
  );
  const start = page.indexOf('| parameter |');
  assert.deepEqual(
    page
      .slice(start)
      .split('\n')
      .slice(2, 2 + rows.length + 1),
    [...rows, ''],
  );
});

test('the page of pipelines: it names every step', () => {
  for (const { title } of Object.values(STEPS)) assert.ok(page.includes(`\n| ${title}`), title);
});

test('the page of pipelines: it names every variable that the command and the function read', async () => {
  const read = new Set<string>();
  for await (const file of glob('{functions/{pipelines,runs},scripts/{pipeline,commands}}/**/*.ts', {
    cwd: fileURLToPath(ROOT),
  })) {
    const text = await readFile(new URL(file, ROOT), 'utf8');
    for (const [name] of text.matchAll(/\b(?:KF_PIPELINES_[A-Z_]+|XORFLOW_(?:GATEWAY|PIPELINE))\b/g)) read.add(name);
  }
  assert.ok(read.size >= 8, String(read.size));
  assert.deepEqual(
    [...read].filter((name) => !page.includes(`\`${name}\``)),
    [],
  );
});

test('the page of pipelines: every file and every heading that it links to is there', () => {
  const headings = [...page.matchAll(/^#+ (.+)$/gm)].map(([, text = '']) =>
    text.toLowerCase().replaceAll(',', '').replaceAll(' ', '-'),
  );
  for (const [, anchor = ''] of page.matchAll(/\]\(#([^)]+)\)/g)) assert.ok(headings.includes(anchor), anchor);
  for (const [, path = ''] of page.matchAll(/\]\(([a-z-]+\.md)\)/g))
    assert.ok(existsSync(new URL(`docs/${path}`, ROOT)), path);
});

test('the page of pipelines: the policy that lets the steps in has only fields that such a policy has', () => {
  const policy = parse(blocks[1] ?? assert.fail()) as Record<string, unknown>;
  assert.equal(policy.kind, 'AuthorizationPolicy');
  assert.deepEqual(objectionsToObject(policy), []);
});

suite('the kustomization on the page of pipelines', { skip: (await canBuild()) ? false : 'no kubectl' }, () => {
  test('is built, and keeps the rules of a profile', async () => {
    await using workbench = await makeWorkbench(REDIS_ENV);
    const set = await workbench.buildText(blocks[0] ?? assert.fail());
    assert.deepEqual(breaches(set, [...RULES, ...CLASS_RULES, ...PROFILE_RULES]), []);
  });
});
