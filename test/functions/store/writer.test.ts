import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { getEventListeners, once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { RootDatabase } from 'lmdb';
import { TransientError } from '../../../events/errors.ts';
import { openDatabase } from '../../../functions/store/embedded/database.ts';
import type { Writer } from '../../../functions/store/embedded/writer.ts';
import { openStore } from '../../../functions/store/open.ts';
import { makeWriter, type Request, reachThread, type Written } from '../../support/fixtures/write-slowly.ts';

const APPENDER = fileURLToPath(new URL('../../support/fixtures/append-embedded.ts', import.meta.url));
const EXITER = fileURLToPath(new URL('../../support/fixtures/exit-writing.ts', import.meta.url));

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'xorflow-writer-'));
  try {
    await run(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A writer whose thread is there, and what a reader of its file sees of the keys that come now. */
async function withThread(
  run: (writer: Writer<Request, Written>, file: { keys(): unknown[]; commits(): number }) => Promise<void>,
): Promise<void> {
  await withFolder(async (folder) => {
    const { root, writer } = makeWriter(join(folder, 'some.mdb'));
    const fresh = <R>(read: () => R): R => {
      root.resetReadTxn();
      return read();
    };
    try {
      const old = await reachThread(writer);
      await run(writer, {
        keys: () => fresh(() => Array.from(root.getKeys())).slice(old.length),
        commits: () => fresh(() => commitsOf(root)),
      });
    } finally {
      await writer.close();
      await root.close();
    }
  });
}

const commitsOf = (root: RootDatabase) => (root.getStats() as { lastTxnId: number }).lastTxnId;

/** Keeps the thread at the request that has it. */
function makeGate() {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  return {
    gate,
    open() {
      Atomics.store(gate, 0, 1);
      Atomics.notify(gate, 0);
    },
  };
}

const isLost = (error: unknown): boolean =>
  error instanceof TransientError &&
  error.code === 'STORE_UNAVAILABLE' &&
  /^Lost the thread that writes to .*some\.mdb: it exited with 7; it can be tried again$/.test(error.message);

test('writes of one turn share a transaction, and writes that come during it share the next', () =>
  withThread(async (writer, file) => {
    const { gate, open } = makeGate();
    const settled: string[] = [];
    const write = (key: string, request: Partial<Request> = {}) =>
      writer.write({ key, ...request }).finally(() => settled.push(key));
    const before = file.commits();
    const writes = [write('a', { gate }), write('b')];
    for (let index = 0; index < 20; index++) {
      await turn();
      writes.push(write(`c${index}`));
    }
    assert.deepEqual(file.keys(), []);
    open();
    const counts = (await Promise.all(writes)).map(({ count }) => count);
    const [first = 0] = counts;
    assert.deepEqual(
      counts,
      counts.map((_, index) => first + index),
    );
    assert.deepEqual(settled, ['a', 'b', ...Array.from({ length: 20 }, (_, index) => `c${index}`)]);
    assert.equal(file.keys().length, 22);
    assert.equal(file.commits() - before, 2);
  }));

test('a write that fails leaves nothing behind, and takes no other with it', () =>
  withThread(async (writer, file) => {
    const writes = (['a', 'b', 'c'] as const).map((key) =>
      writer.write(key === 'b' ? { key, fate: 'fails' } : { key }),
    );
    const [, failed] = await Promise.allSettled(writes);
    assert.ok(failed?.status === 'rejected');
    assert.equal(failed.reason.message, 'no room for b');
    assert.deepEqual(file.keys(), ['a', 'c']);
  }));

test('what a lost thread was at is refused as transient, and what waits is written by another', () =>
  withThread(async (writer, file) => {
    const { gate, open } = makeGate();
    const lost = writer.write({ key: 'b', gate, fate: 'dies' });
    const refused = assert.rejects(lost, isLost);
    await turn();
    const waiting = writer.write({ key: 'c' });
    open();
    await refused;
    await waiting;
    const rest = await reachThread(writer);
    assert.deepEqual(file.keys(), [...rest, 'c']);
  }));

test('where no thread comes up, the writes are made all the same', () =>
  withFolder(async (folder) => {
    const { root, writer } = makeWriter(join(folder, 'some.mdb'), new URL('./missing.ts', import.meta.url).href);
    for (const key of ['a', 'b', 'c', 'd']) assert.equal((await writer.write({ key })).place, 'here');
    assert.deepEqual(Array.from(root.getKeys()), ['a', 'b', 'c', 'd']);
    await writer.close();
    await root.close();
  }));

test('closing writes what is queued, and takes nothing more', () =>
  withThread(async (writer, file) => {
    const { gate, open } = makeGate();
    const writes = [writer.write({ key: 'a', gate })];
    await turn();
    writes.push(writer.write({ key: 'b' }));
    const closed = writer.close();
    await assert.rejects(writer.write({ key: 'c' }), /^TransientError: Cannot write to .*some\.mdb: it is closed$/);
    open();
    await closed;
    assert.equal((await Promise.all(writes)).length, 2);
    assert.deepEqual(file.keys(), ['a', 'b']);
  }));

test('a process that exits in the middle of a write ends, and the write is whole', () =>
  withFolder(async (folder) => {
    const path = join(folder, 'some.mdb');
    // Killed where it hangs, it would have no code.
    const child = spawn(process.execPath, [EXITER, path], { stdio: 'inherit', timeout: 30_000 });
    assert.deepEqual(await once(child, 'exit'), [3, null]);
    const root = openDatabase(path);
    assert.equal(Array.from(root.getKeys()).at(-1), 'last');
    await root.close();
  }));

test('what a log has already costs no transaction', () =>
  withFolder(async (folder) => {
    await using store = await openStore(`embedded:${folder}`);
    const [a, b] = ['a', 'b'].map((key) => ({ key, value: 'v' }));
    assert.ok(a && b);
    await store.logs.append('l', [a, b]);
    const root = openDatabase(join(folder, 'logs.mdb'));
    const commits = () => {
      root.resetReadTxn();
      return commitsOf(root);
    };
    const before = commits();
    assert.deepEqual(await store.logs.append('l', [b, a]), [
      { position: 2, appended: false },
      { position: 1, appended: false },
    ]);
    assert.deepEqual(await store.logs.append('l', []), []);
    assert.equal(commits(), before);
    await store.logs.append('l', [a, { key: 'c', value: 'v' }]);
    assert.equal(commits(), before + 1);
    await root.close();
  }));

test('what was appended is read at once, though the log is being read all the time', () =>
  withFolder(async (folder) => {
    await using store = await openStore(`embedded:${folder}`);
    // So many that most are written by the thread.
    for (let index = 0; index < 400; index++) {
      let isDone = false;
      const appending = store.logs
        .append('l', [{ key: String(index), value: 'v' }])
        .then(() => store.logs.read('l'))
        .finally(() => {
          isDone = true;
        });
      while (!isDone) {
        await store.logs.read('l', 0, 1);
        await turn();
      }
      assert.equal((await appending).length, index + 1);
    }
  }));

test('a follower that has gone leaves nothing at its signal', () =>
  withFolder(async (folder) => {
    await using store = await openStore(`embedded:${folder}`);
    await store.logs.append('l', [{ key: 'k', value: 'v' }]);
    const { signal } = new AbortController();
    for await (const entry of store.logs.follow('l', 0, signal)) {
      assert.equal(entry.key, 'k');
      break;
    }
    assert.equal(getEventListeners(signal, 'abort').length, 0);
  }));

test('what a killed process was promised is there, and another process has followed it', () =>
  withFolder(async (folder) => {
    const promised: string[] = [];
    const followed: string[] = [];
    {
      await using store = await openStore(`embedded:${folder}`);
      const child = spawn(process.execPath, [APPENDER, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
      const exited = once(child, 'exit');
      createInterface(child.stdout).on('line', (key) => promised.push(key));
      for await (const { key } of store.logs.follow('l', 0, new AbortController().signal)) {
        followed.push(key);
        if (followed.length >= 60 && promised.length >= 60) break;
      }
      child.kill('SIGKILL');
      await exited;
    }
    await using store = await openStore(`embedded:${folder}`);
    const entries = await store.logs.read('l');
    const kept = entries.map(({ key }) => key);
    assert.deepEqual(
      promised.filter((key) => !kept.includes(key)),
      [],
    );
    assert.deepEqual(followed, kept.slice(0, followed.length));
    assert.deepEqual(
      entries.map(({ position }) => position),
      kept.map((_, index) => index + 1),
    );
    // Its death in the middle of a transaction keeps nobody else from writing.
    assert.equal((await store.logs.append('l', [{ key: 'after', value: 'v' }]))[0]?.position, kept.length + 1);
  }));

test('a process that closes nothing ends by itself, when what it appends is on disk', () =>
  withFolder(async (folder) => {
    await promisify(execFile)(process.execPath, [APPENDER, folder, 'once']);
    await using store = await openStore(`embedded:${folder}`);
    assert.equal((await store.logs.read('l')).length, 1);
  }));

test('a process that closes while the thread comes up waits for it, and ends by itself', () =>
  withFolder(async (folder) => {
    const { stdout } = await promisify(execFile)(process.execPath, [APPENDER, folder, 'closing']);
    assert.equal(stdout, 'closed\n');
    await using store = await openStore(`embedded:${folder}`);
    assert.equal((await store.logs.read('l')).length, 2);
  }));
