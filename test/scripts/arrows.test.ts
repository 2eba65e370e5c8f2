import assert from 'node:assert/strict';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { binOf, runTool } from '../../scripts/tool.ts';
import { makeFolder, ROOT } from './command.ts';

/** A project of a few files, with the arrows of this one. */
async function violations(files: Readonly<Record<string, string>>): Promise<string[]> {
  await using folder = await makeFolder();
  await symlink(join(ROOT, 'node_modules'), join(folder.path, 'node_modules'));
  for (const name of ['.dependency-cruiser.mjs', 'tsconfig.json', 'package.json']) {
    await cp(join(ROOT, name), join(folder.path, name));
  }
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder.path, path)), { recursive: true });
    await writeFile(join(folder.path, path), text);
  }
  const folders = [...new Set(Object.keys(files).map((path) => path.split('/')[0] ?? ''))];
  const args = [...folders, '--config', '.dependency-cruiser.mjs', '--output-type', 'json'];
  const { output } = await runTool([binOf('dependency-cruiser', 'depcruise'), ...args], folder.path);
  const { summary } = JSON.parse(output) as { summary: { violations: { rule: { name: string }; from: string }[] } };
  return summary.violations.map(({ rule, from }) => `${rule.name}: ${from}`).sort();
}

test('imports along the arrows are allowed', async () => {
  assert.deepEqual(
    await violations({
      'events/a.ts': "import { z } from 'zod';\nexport const a = z;",
      'functions/host/h.ts': "import { a } from '../../events/a.ts';\nexport const h = a;",
      'functions/train/t.ts': "import { h } from '../host/h.ts';\nexport const t = h;",
      'knative/local/k.ts': "import { h } from '../../functions/host/h.ts';\nexport const k = h;",
      'scripts/s.ts':
        "import { k } from '../knative/local/k.ts';\nimport { a } from '../events/a.ts';\nexport const s = [k, a];",
      'test/s.test.ts': "import { s } from '../scripts/s.ts';\ns;",
    }),
    [],
  );
});

test('every import against an arrow is refused, with the name of its rule', async () => {
  const empty = 'export const x = 1;';
  assert.deepEqual(
    await violations({
      'events/a.ts': "import { x } from '../functions/host/h.ts';\nexport const a = x;",
      'functions/host/h.ts': empty,
      'functions/host/bad.ts': "import { x } from '../train/t.ts';\nexport const h = x;",
      'functions/train/t.ts': empty,
      'functions/train/bad.ts': "import type { T } from '../compare/c.ts';\nexport const t: T = 1;",
      'functions/compare/c.ts': 'export type T = number;',
      'functions/compare/up.ts': "import { x } from '../../knative/local/k.ts';\nexport const u = x;",
      'knative/local/k.ts': empty,
      'knative/local/bad.ts': "import { x } from '../../functions/train/t.ts';\nexport const k = x;",
      'knative/local/up.ts': "import { x } from '../../scripts/s.ts';\nexport const k = x;",
      'scripts/s.ts': empty,
      'scripts/bad.ts': "import { x } from '../test/s.ts';\nexport const s = x;",
      'test/s.ts': empty,
      'functions/train/one.ts': "import { two } from './two.ts';\nexport const one = () => two;",
      'functions/train/two.ts': "import { one } from './one.ts';\nexport const two = () => one;",
      'functions/train/gone.ts': "import { x } from './nowhere.ts';\nexport const g = x;",
      'functions/train/dev.ts': "import fc from 'fast-check';\nexport const d = fc;",
    }),
    [
      'declared-packages-only: functions/train/dev.ts',
      'events-know-nobody: events/a.ts',
      'functions-know-events-only: functions/compare/up.ts',
      'functions-meet-in-events: functions/host/bad.ts',
      'functions-meet-in-events: functions/train/bad.ts',
      'interpreters-know-the-host-only: knative/local/bad.ts',
      'no-cycles: functions/train/one.ts',
      'no-missing: functions/train/gone.ts',
      'nobody-imports-tests: scripts/bad.ts',
      'scripts-on-top: knative/local/up.ts',
      'shared-rooms-know-no-function: functions/host/bad.ts',
    ],
  );
});
