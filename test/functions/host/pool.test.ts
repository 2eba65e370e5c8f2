import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RejectedError, TransientError } from '../../../events/errors.ts';
import { makePool } from '../../../functions/host/pool.ts';

const TASKS = new URL('./pool-tasks.ts', import.meta.url);

/** Runs a task that never ends, and aborts it once it has started. */
async function abortOnceStarted(pool: ReturnType<typeof makePool>, task: string, input?: unknown): Promise<unknown> {
  const controller = new AbortController();
  const onMessage = () => controller.abort(new Error('enough'));
  return pool.run(task, input, { signal: controller.signal, onMessage }).then(
    () => undefined,
    (error: unknown) => error,
  );
}

test('a task runs on a thread and gives back its result', async () => {
  await using pool = makePool(TASKS, { size: 2, data: { greeting: 'hello' } });
  await pool.warm();
  assert.equal(await pool.run('double', 21), 42);
  assert.deepEqual(await pool.run('data', undefined), { greeting: 'hello' });
  assert.deepEqual(await pool.run('move', undefined), { bytes: new Uint8Array([1, 2, 3]) });
});

test('more tasks than threads wait for their turn', async () => {
  await using pool = makePool(TASKS, { size: 2 });
  const threads = await Promise.all(Array.from({ length: 6 }, () => pool.run<number>('thread', undefined)));
  assert.equal(new Set(threads).size, 2);
});

test('a task learns how many threads of its pool are at work, and of those that are lost or done none', async () => {
  await using pool = makePool(TASKS, { size: 3 });
  assert.deepEqual(await Promise.all([50, 50].map((rounds) => pool.run('busy', rounds))), [2, 2]);
  await assert.rejects(pool.run('exit', undefined));
  await assert.rejects(pool.run('reject', undefined));
  assert.equal(await pool.run('busy', 3), 1);
});

test('messages of a task arrive in order and before its result', async () => {
  await using pool = makePool(TASKS, { size: 1 });
  const messages: unknown[] = [];
  await pool.run('count', 5, { onMessage: (message) => messages.push(message) });
  assert.deepEqual(messages, [1, 2, 3, 4, 5]);
});

test('what a task throws keeps its class and code', async () => {
  await using pool = makePool(TASKS, { size: 1 });
  await assert.rejects(pool.run('reject', undefined), (error) => {
    return error instanceof RejectedError && error.code === 'DIVERGED' && error.message === 'Loss NaN';
  });
  await assert.rejects(pool.run('delay', undefined), (error) => {
    return error instanceof TransientError && error.code === 'STORE_UNAVAILABLE';
  });
  await assert.rejects(pool.run('invalid', undefined), (error) => {
    return error instanceof RejectedError && error.code === 'INVALID_EVENT' && error.name === 'InvalidEvent';
  });
  await assert.rejects(pool.run('bug', undefined), { name: 'TypeError', message: 'undefined is not a function' });
  await assert.rejects(pool.run('unheard-of', undefined), /Unknown task unheard-of/);
});

test('a thread that exits fails its task for now, and another takes its place', async () => {
  await using pool = makePool(TASKS, { size: 1 });
  await assert.rejects(pool.run('exit', undefined), (error) => {
    return error instanceof TransientError && /exited with 7/.test(error.message);
  });
  assert.equal(await pool.run('double', 4), 8);
});

test('an aborted task that looks at cancelled() stops and keeps its thread', async () => {
  await using pool = makePool(TASKS, { size: 1 });
  const flag = new Int32Array(new SharedArrayBuffer(8));
  const thread = await pool.run('thread', undefined);
  assert.match(String(await abortOnceStarted(pool, 'politeLoop', flag)), /enough/);
  assert.equal(await pool.run('thread', undefined), thread);
  assert.equal(flag[1], 1);
});

test('an aborted task that listens to its signal stops and keeps its thread', async () => {
  await using pool = makePool(TASKS, { size: 1 });
  const thread = await pool.run('thread', undefined);
  assert.match(String(await abortOnceStarted(pool, 'wait')), /enough/);
  assert.equal(await pool.run('thread', undefined), thread);
});

test('an aborted task that does not stop is terminated with its thread', async () => {
  await using pool = makePool(TASKS, { size: 1 });
  const thread = await pool.run('thread', undefined);
  assert.match(String(await abortOnceStarted(pool, 'deafLoop')), /enough/);
  assert.notEqual(await pool.run('thread', undefined), thread);
});

test('a task aborted while it waits never starts', async () => {
  await using pool = makePool(TASKS, { size: 1 });
  const controller = new AbortController();
  const first = pool.run('thread', undefined);
  const second = pool.run('exit', undefined, { signal: controller.signal });
  controller.abort();
  await assert.rejects(second, { name: 'AbortError' });
  assert.equal(typeof (await first), 'number');
  await assert.rejects(pool.run('double', 1, { signal: AbortSignal.abort() }), { name: 'AbortError' });
});

test('a module that does not load fails warm() with its own error', async () => {
  await using pool = makePool(new URL('./there-is-none.ts', import.meta.url), { size: 1 });
  await assert.rejects(pool.warm(), /there-is-none/);
  await assert.rejects(pool.run('double', 1), TransientError);
});

test('a disposed pool fails what is running and takes no more', async () => {
  const pool = makePool(TASKS, { size: 1 });
  const running = assert.rejects(pool.run('deafLoop', undefined), TransientError);
  const waiting = assert.rejects(pool.run('double', 1), TransientError);
  await pool[Symbol.asyncDispose]();
  await Promise.all([running, waiting]);
  await assert.rejects(pool.run('double', 1), TransientError);
});
