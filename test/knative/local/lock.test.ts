import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findPlatform, lockFolder } from '../../../knative/local/lock.ts';
import { makeFolder } from '../../support/manifests.ts';

const TAKER = fileURLToPath(new URL('../../support/fixtures/take-lock.ts', import.meta.url));

/** Starts a process that tries for the folder at a time, and gives the first line that it prints. */
async function take(folder: string, at = 0): Promise<{ child: ChildProcess; said: string }> {
  const child = spawn(process.execPath, [TAKER, folder, String(at)], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, said: line.toString().trim() };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

test('a data folder that is not there is made, and belongs to one platform until that lets go', async () => {
  await using temp = await makeFolder();
  const folder = join(temp.path, 'deep', 'data');
  const lock = await lockFolder(folder);
  await assert.rejects(lockFolder(folder), {
    code: 'STORE_LOCKED',
    message: `The data folder ${folder} is in use by the platform of process ${process.pid}: stop that one, or choose another folder`,
  });
  assert.equal(await findPlatform(folder), undefined, 'not up yet');
  await lock.announce('http://127.0.0.1:8080');
  assert.deepEqual(await findPlatform(folder), { pid: process.pid, url: 'http://127.0.0.1:8080' });
  await lock.release();
  assert.equal(await findPlatform(folder), undefined);
  assert.deepEqual(await readdir(folder), []);
});

test('the folder of a platform in another process is refused with its number and address', async () => {
  await using temp = await makeFolder();
  const { child, said } = await take(temp.path);
  try {
    assert.equal(said, 'mine');
    await assert.rejects(lockFolder(temp.path), new RegExp(`process ${child.pid} at http://127\\.0\\.0\\.1:1:`));
  } finally {
    await kill(child);
  }
});

test('the folder of a platform that was killed can be taken at once', async () => {
  await using temp = await makeFolder();
  const { child } = await take(temp.path);
  await kill(child);
  assert.equal(await findPlatform(temp.path), undefined);
  const lock = await lockFolder(temp.path);
  await lock.release();
  assert.deepEqual(await readdir(temp.path), []);
});

test('of several processes that find a dead platform at the same time, exactly one takes its place', {
  timeout: 20_000,
}, async () => {
  for (let round = 0; round < 2; round++) {
    await using temp = await makeFolder();
    const dead = await take(temp.path);
    await kill(dead.child);
    const at = Date.now() + 1200;
    const takers = await Promise.all(Array.from({ length: 4 }, () => take(temp.path, at)));
    const winners = takers.filter(({ said }) => said === 'mine');
    await Promise.all(takers.map(({ child }) => kill(child)));
    assert.equal(winners.length, 1, takers.map(({ said }) => said).join('\n'));
    assert.deepEqual((await readdir(temp.path)).sort(), ['platform.json']);
  }
});

test('of many attempts within one process on a stale folder, exactly one succeeds', async () => {
  await using temp = await makeFolder({ 'platform.json': '' });
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(temp.path)));
  assert.equal(results.filter(({ status }) => status === 'fulfilled').length, 1);
});

test('a later process with the number of a dead platform is not taken for it', async () => {
  await using temp = await makeFolder();
  const lock = await lockFolder(temp.path);
  const file = join(temp.path, 'platform.json');
  const record = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
  for (const change of [{ ticks: '1' }, { boot: 'another' }]) {
    if (record.ticks === '') break;
    await writeFile(file, JSON.stringify({ ...record, url: 'http://127.0.0.1:1', ...change }));
    assert.equal(await findPlatform(temp.path), undefined);
  }
  await lock.release();
});

test('letting go leaves the record of another platform alone', async () => {
  await using temp = await makeFolder();
  const lock = await lockFolder(temp.path);
  await writeFile(join(temp.path, 'platform.json'), '{}');
  await lock.release();
  assert.deepEqual(await readdir(temp.path), ['platform.json']);
});

test('a right to remove that died with its holder does not keep the folder closed', async () => {
  await using temp = await makeFolder();
  const { child } = await take(temp.path);
  const record = await readFile(join(temp.path, 'platform.json'), 'utf8');
  await kill(child);
  const { nonce } = JSON.parse(record) as { nonce: string };
  await writeFile(join(temp.path, `platform.json.stale-${nonce}-0`), record);
  const lock = await lockFolder(temp.path);
  await lock.release();
  assert.deepEqual(await readdir(temp.path), []);
});

for (const folder of ['/proc/xorflow', '/dev/null/data']) {
  test(`a data folder that cannot be written is one sentence: ${folder}`, {
    skip: process.platform !== 'linux',
  }, async () => {
    await assert.rejects(lockFolder(folder), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'STORE_UNAVAILABLE');
      assert.match(
        error.message,
        new RegExp(`^Cannot write to the data folder ${folder}: .+; choose a folder that can be written$`),
      );
      return true;
    });
  });
}
