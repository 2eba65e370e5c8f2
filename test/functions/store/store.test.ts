import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { digestOf } from '../../../events/descriptor.ts';
import { type RejectedError, TransientError } from '../../../events/errors.ts';
import { openStore } from '../../../functions/store/open.ts';
import type { Store } from '../../../functions/store/port.ts';
import { makeMemoryStore } from '../../support/memory-store.ts';
import { skipWithoutRedis, startRedis } from '../../support/redis.ts';

interface Target {
  readonly store: Store;
  readonly folder?: string;
}

async function withTarget(name: string, run: (target: Target) => Promise<void>): Promise<void> {
  if (name === 'memory') return run({ store: makeMemoryStore() });
  if (name === 'redis') {
    await using server = await startRedis();
    await using store = await openStore(server.url);
    return await run({ store });
  }
  const folder = await mkdtemp(join(tmpdir(), 'xorflow-store-'));
  try {
    await using store = await openStore(`embedded:${folder}`);
    await run({ store, folder });
  } finally {
    await rm(folder, { recursive: true });
  }
}

const info = { mediaType: 'text/plain', name: 'a.txt' };

for (const target of ['memory', 'embedded', 'redis']) {
  describe(`the store (${target})`, { skip: target === 'redis' && skipWithoutRedis() }, () => {
    test('keeps bytes under their digest', () =>
      withTarget(target, async ({ store }) => {
        const bytes = Buffer.from('hello');
        const descriptor = await store.artifacts.put(bytes, info);
        assert.deepEqual(descriptor, { digest: digestOf(bytes), size: 5, ...info });
        assert.deepEqual(await store.artifacts.put(bytes, info), descriptor);
        const own = await store.artifacts.get(descriptor.digest);
        assert.deepEqual(own, bytes);
        own.fill(0);
        assert.deepEqual(await store.artifacts.get(descriptor.digest), bytes);
        const opened = await store.artifacts.open(descriptor.digest);
        assert.equal(opened?.size, 5);
        assert.deepEqual(opened && (await buffer(opened.stream())), bytes);
      }));

    test('names a digest that it does not have', () =>
      withTarget(target, async ({ store }) => {
        const digest = digestOf(Buffer.from('never'));
        await assert.rejects(
          store.artifacts.get(digest),
          (error: RejectedError) => error.code === 'NOT_FOUND' && error.message.includes(digest),
        );
        assert.equal(await store.artifacts.open(digest), undefined);
      }));

    test('appends an entry once, however often it comes', () =>
      withTarget(target, async ({ store: { logs } }) => {
        assert.deepEqual(
          await logs.append('l', [
            { key: 'a', value: '1' },
            { key: 'b', value: '2' },
          ]),
          [
            { position: 1, appended: true },
            { position: 2, appended: true },
          ],
        );
        assert.deepEqual(
          await logs.append('l', [
            { key: 'b', value: 'other' },
            { key: 'c', value: '3' },
          ]),
          [
            { position: 2, appended: false },
            { position: 3, appended: true },
          ],
        );
        assert.deepEqual(await logs.read('l'), [
          { position: 1, key: 'a', value: '1' },
          { position: 2, key: 'b', value: '2' },
          { position: 3, key: 'c', value: '3' },
        ]);
        assert.deepEqual(await logs.read('l', 1, 1), [{ position: 2, key: 'b', value: '2' }]);
        assert.deepEqual(await logs.find('l', 'c'), { position: 3, key: 'c', value: '3' });
        assert.equal(await logs.find('l', 'd'), undefined);
        assert.deepEqual(await logs.read('empty'), []);
      }));

    test('takes racing appenders one after the other, without gaps', () =>
      withTarget(target, async ({ store: { logs } }) => {
        const writers = Array.from({ length: 20 }, (_, writer) =>
          logs.append('l', [
            { key: `${writer % 10}`, value: 'x' },
            { key: `w${writer}`, value: 'y' },
          ]),
        );
        await Promise.all(writers);
        const entries = await logs.read('l');
        assert.deepEqual(
          entries.map(({ position }) => position),
          Array.from({ length: 30 }, (_, index) => index + 1),
        );
        assert.equal(new Set(entries.map(({ key }) => key)).size, 30);
      }));

    test('logs are kept apart, even when their names begin alike', () =>
      withTarget(target, async ({ store: { logs } }) => {
        for (const log of ['a', 'a/b', 'ab']) await logs.append(log, [{ key: 'k', value: log }]);
        for (const log of ['a', 'a/b', 'ab'])
          assert.deepEqual(
            (await logs.read(log)).map(({ value }) => value),
            [log],
          );
      }));

    test('a follower gets what was there and then what comes, each once and in order', () =>
      withTarget(target, async ({ store: { logs } }) => {
        await logs.append('l', [
          { key: '1', value: 'a' },
          { key: '2', value: 'b' },
        ]);
        const stop = new AbortController();
        const seen: number[] = [];
        const following = (async () => {
          for await (const { position } of logs.follow('l', 1, stop.signal)) {
            seen.push(position);
            if (position === 50) stop.abort();
          }
        })();
        for (let index = 3; index <= 50; index++) await logs.append('l', [{ key: String(index), value: 'x' }]);
        await following;
        assert.deepEqual(
          seen,
          Array.from({ length: 49 }, (_, index) => index + 2),
        );
      }));

    test('a follower of a silent log ends with its signal', () =>
      withTarget(target, async ({ store: { logs } }) => {
        const stop = new AbortController();
        setTimeout(() => stop.abort(), 20);
        for await (const _ of logs.follow('silent', 0, stop.signal)) assert.fail('nothing was appended');
      }));

    test('takes keys and names of any length', () =>
      withTarget(target, async ({ store: { logs } }) => {
        const key = 'k'.repeat(10_000);
        await logs.append('l', [{ key, value: 'v' }]);
        assert.deepEqual(await logs.append('l', [{ key, value: 'v' }]), [{ position: 1, appended: false }]);
        assert.equal((await logs.find('l', key))?.key, key);
      }));
  });
}

test('what was appended is there after a new start', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'xorflow-store-'));
  for (const round of [1, 2, 3]) {
    await using store = await openStore(`embedded:${folder}`);
    await store.logs.append('l', [{ key: String(round), value: 'x' }]);
    assert.equal((await store.logs.read('l')).length, round);
  }
  await rm(folder, { recursive: true });
});

test('two openings of one folder in one process are one store', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'xorflow-store-'));
  {
    await using left = await openStore(`embedded:${folder}`);
    await using right = await openStore(`embedded:${folder}/`);
    const stop = new AbortController();
    const heard = (async () => {
      for await (const entry of right.logs.follow('l', 0, stop.signal)) return entry.value;
      return undefined;
    })();
    await left.logs.append('l', [{ key: 'k', value: 'v' }]);
    assert.equal(await heard, 'v');
    stop.abort();
  }
  await rm(folder, { recursive: true });
});

test('a damaged artifact is found out, and what a killed process left behind is removed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'xorflow-store-'));
  let digest = '';
  {
    await using store = await openStore(`embedded:${folder}`);
    digest = (await store.artifacts.put(Buffer.from('whole'), info)).digest;
    await truncate(join(folder, 'artifacts/sha256', digest.slice(7, 9), digest.slice(7)), 3);
    await assert.rejects(store.artifacts.get(digest), (error: RejectedError) => error.code === 'CORRUPT_ARTIFACT');
    // Writing it again repairs it.
    await store.artifacts.put(Buffer.from('whole'), info);
    assert.equal((await store.artifacts.get(digest)).toString(), 'whole');
    await writeFile(join(folder, 'artifacts/tmp/999999999-half'), 'half');
  }
  {
    await using _store = await openStore(`embedded:${folder}`);
    assert.deepEqual(await readdir(join(folder, 'artifacts/tmp')), []);
  }
  await rm(folder, { recursive: true });
});

test('a folder that cannot be used is named, with the reason', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'xorflow-store-'));
  await writeFile(join(folder, 'file'), '');
  await assert.rejects(openStore(`embedded:${folder}/file/store`), (error: TransientError) => {
    assert.ok(error instanceof TransientError);
    assert.equal(error.message, `Cannot open the store ${folder}/file/store: a file stands in the way`);
    return true;
  });
  await assert.rejects(openStore('ftp:x'), /Wrong value "ftp:x" in XORFLOW_STORE: expected embedded:<folder>, redis:/);
  await rm(folder, { recursive: true });
});

test('a full disk is told in a sentence, and what was promised before is kept', {
  skip: process.platform === 'win32',
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'xorflow-store-'));
  const entry = fileURLToPath(new URL('../../support/fixtures/fill-store.ts', import.meta.url));
  // No file of the child may grow beyond 1 MiB: the same to it as a full disk.
  const { stdout } = await promisify(execFile)('sh', [
    '-c',
    `ulimit -f 1024; exec '${process.execPath}' '${entry}' '${folder}'`,
  ]);
  const told = JSON.parse(stdout) as { appended: number; kept: number; log: string; artifact: string };
  assert.ok(told.appended > 10);
  assert.equal(told.kept, told.appended);
  assert.match(told.log, /^Cannot use the store .*logs\.mdb: /);
  assert.match(told.artifact, /^Cannot write the store .*: /);
  {
    await using store = await openStore(`embedded:${folder}`);
    assert.equal((await store.logs.read('l')).length, told.appended);
    await store.logs.append('l', [{ key: 'after', value: 'v' }]);
    assert.deepEqual(await readdir(join(folder, 'artifacts/tmp')), []);
  }
  await rm(folder, { recursive: true });
});

test('a foreign or cut off log file is named, and not overwritten', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'xorflow-store-'));
  await writeFile(join(folder, 'logs.mdb'), 'not a database');
  await assert.rejects(openStore(`embedded:${folder}`), /Cannot use the store .*logs\.mdb: no LMDB file/);
  assert.equal(await readFile(join(folder, 'logs.mdb'), 'utf8'), 'not a database');
  await rm(folder, { recursive: true });
});
