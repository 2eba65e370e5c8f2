import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Finding } from '../../scripts/doctor.ts';
import { NAMES } from '../../scripts/engines.ts';
import { makeFolder, runCommand, startCommand } from './command.ts';

const read = (stdout: string) => JSON.parse(stdout) as { able: boolean; findings: Finding[] };

test('doctor names every engine and all that experiments need, and leaves no trace', async () => {
  await using folder = await makeFolder();
  const { code, stdout, stderr } = await runCommand(['doctor', '--json'], { cwd: folder.path });
  assert.deepEqual([code, stderr], [0, '']);
  const { able, findings } = read(stdout);
  assert.equal(able, true);
  assert.deepEqual(
    findings.map(({ name }) => name),
    ['Node', 'CPU', 'Memory', ...NAMES.map((name) => `Engine ${name}`), 'Store', 'Platform', 'Port 8080'],
  );
  assert.match((await runCommand(['list'], { cwd: folder.path })).stderr, /^No experiments yet/);
});

test('doctor shows a table, and what to do about each note', async () => {
  await using folder = await makeFolder();
  const { code, stdout } = await runCommand(['doctor'], { cwd: folder.path });
  assert.equal(code, 0);
  assert.match(stdout, /\nok +Node +\d+\.\d+/);
  assert.match(stdout, /\nExperiments can run on this machine\n$/);
});

test('a store that cannot be written is a problem, with 3', async () => {
  await using folder = await makeFolder();
  await writeFile(join(folder.path, 'file'), '');
  const { code, stdout } = await runCommand(['doctor', '--json', '--store', 'file'], { cwd: folder.path });
  assert.equal(code, 3);
  const { able, findings } = read(stdout);
  assert.equal(able, false);
  const store = findings.find(({ name }) => name === 'Store');
  assert.match(
    `${store?.status}: ${store?.detail}; ${store?.advice}`,
    /^problem: .*file cannot be written.*--store DIR$/,
  );
});

test('a platform that is up is named with its address', async () => {
  await using folder = await makeFolder();
  const up = startCommand(['up', '--port', '0'], { cwd: folder.path });
  await up.said('Press Ctrl-C to stop');
  const { stdout } = await runCommand(['doctor', '--json'], { cwd: folder.path });
  const platform = read(stdout).findings.find(({ name }) => name === 'Platform');
  assert.match(`${platform?.status} ${platform?.detail}`, /^ok up at http:\/\/127\.0\.0\.1:\d+\/ \(process \d+\)$/);
  up.child.kill('SIGINT');
  await up.ended;
});
