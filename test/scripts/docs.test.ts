import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CATALOGUE } from '../../events/registry.ts';
import { withTables } from '../../scripts/docs.ts';

const fileOf = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const readme = await readFile(fileOf('README.md'), 'utf8');

test('the tables of the README say what the code says', () => {
  assert.equal(withTables(readme), readme);
  assert.throws(() => withTables('no tables'), /No <!-- table: events -->/);
});

test('every file that the README shows or links to is there', () => {
  const links = [...readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g)].map(([, path]) => path ?? '');
  assert.ok(links.length >= 4);
  for (const path of links) assert.ok(existsSync(fileOf(path)), path);
});

test('the picture of the chain names every event but the failure of an experiment and what is told of a search alone', async () => {
  const picture = await readFile(fileOf('docs/chain.svg'), 'utf8');
  for (const { type } of CATALOGUE) {
    if (['experiment.failed', 'search.started', 'trial.cancelled'].includes(type)) continue;
    assert.ok(picture.includes(`>${type}<`), type);
  }
  assert.ok(picture.includes('experiment.failed'));
});

test('the whole spec in the README is the default one', async () => {
  const { specSchema } = await import('../../events/spec.ts');
  const json = /```json\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
  assert.deepEqual(JSON.parse(json), specSchema.parse({}));
});
