import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import { digestOf } from '../../../../events/descriptor.ts';
import { type RejectedError, TransientError, type XorflowError } from '../../../../events/errors.ts';
import { openStore } from '../../../../functions/store/open.ts';
import type { Store } from '../../../../functions/store/port.ts';
import { openRedis } from '../../../../functions/store/redis/open.ts';
import { makeFolder } from '../../../support/manifests.ts';
import { DURABLE, skipWithoutRedis, startRedis, type TestRedis } from '../../../support/redis.ts';

const info = { mediaType: 'text/plain', name: 'a.txt' };
const OPEN = new URL('../../../../functions/store/open.ts', import.meta.url).href;
const APPENDER = fileURLToPath(new URL('../../../support/fixtures/append-redis.ts', import.meta.url));

function isAway(error: unknown): boolean {
  assert.ok(error instanceof TransientError, String(error));
  assert.equal(error.code, 'STORE_UNAVAILABLE');
  return true;
}

/** Calls until it works: what a broker does. */
async function again<R>(work: () => Promise<R>): Promise<R> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      isAway(error);
      await sleep(20);
    }
  }
}

async function withRedis(
  run: (given: { server: TestRedis; store: Store; client: Redis }) => Promise<void>,
  args: readonly string[] = [],
): Promise<void> {
  await using server = await startRedis(args);
  const client = new Redis(server.url, { maxRetriesPerRequest: null });
  client.on('error', () => undefined);
  try {
    await using store = openRedis(server.url, { patienceMs: 1_000 });
    await run({ server, store, client });
  } finally {
    client.disconnect();
  }
}

describe('a store in Redis', { skip: skipWithoutRedis() }, () => {
  test('kill -9 of Redis in the middle of appends loses and doubles nothing that was acknowledged', () =>
    withRedis(async ({ server, store: { logs } }) => {
      const acknowledged = new Map<string, number>();
      let isOver = false;
      const writers = Array.from({ length: 8 }, async (_, writer) => {
        for (let index = 0; !isOver; index++) {
          const key = `${writer}-${index}`;
          const batch = [
            { key, value: 'v' },
            { key: `${key}+`, value: 'v' },
          ];
          for (const [at, { position }] of (await again(() => logs.append('l', batch))).entries()) {
            acknowledged.set(batch[at]?.key ?? '', position);
          }
        }
      });
      for (let times = 0; times < 3; times++) {
        await sleep(200);
        await server.kill();
        await server.start();
      }
      await sleep(200);
      isOver = true;
      await Promise.all(writers);
      const entries = await logs.read('l');
      assert.ok(acknowledged.size > 100, `${acknowledged.size}`);
      assert.deepEqual(
        entries.map(({ position }) => position),
        entries.map((_, index) => index + 1),
      );
      const byKey = new Map(entries.map(({ key, position }) => [key, position]));
      assert.equal(byKey.size, entries.length);
      assert.deepEqual(byKey, acknowledged);
    }, DURABLE));

  test('processes that append the same entries at once agree on one order', () =>
    withRedis(async ({ server, store: { logs } }) => {
      const children = [1, 2, 3].map(() => spawn(process.execPath, [APPENDER, server.url, '300'], { stdio: 'pipe' }));
      const told = await Promise.all(
        children.map(async (child) => {
          const [text] = await Promise.all([child.stdout.toArray(), once(child, 'exit')]);
          return JSON.parse(Buffer.concat(text).toString()) as { positions: number[]; appended: number };
        }),
      );
      const entries = await logs.read('l');
      assert.equal(entries.length, 300);
      assert.equal(
        told.reduce((sum, { appended }) => sum + appended, 0),
        300,
      );
      for (const { positions } of told) {
        assert.deepEqual(
          positions,
          Array.from({ length: 300 }, (_, key) => byKeyOf(entries).get(String(key))),
        );
      }
    }));

  test('reads logs that are longer than a page', () =>
    withRedis(async ({ store: { logs } }) => {
      const batch = Array.from({ length: 2_500 }, (_, index) => ({ key: String(index), value: `${index}` }));
      await logs.append('l', batch);
      assert.equal((await logs.read('l')).length, 2_500);
      assert.deepEqual(
        (await logs.read('l', 1_100, 1_200)).map(({ position }) => position),
        Array.from({ length: 1_200 }, (_, index) => index + 1_101),
      );
      assert.deepEqual(await logs.read('l', 0, 0), []);
      assert.deepEqual(await logs.append('l', []), []);
    }));

  test('names with braces are names like any other', () =>
    withRedis(async ({ store: { logs } }) => {
      for (const log of ['{}', '}{', '%7B%7D', '{a}b', '{a}c']) await logs.append(log, [{ key: 'k', value: log }]);
      for (const log of ['{}', '}{', '%7B%7D', '{a}b', '{a}c']) assert.equal((await logs.find(log, 'k'))?.value, log);
    }));

  test('followers outlast a Redis that is restarted, and get each entry once', () =>
    withRedis(async ({ server, store: { logs } }) => {
      const stop = new AbortController();
      const followers = Array.from({ length: 50 }, async () => {
        const seen: number[] = [];
        for await (const { position } of logs.follow('l', 0, stop.signal)) {
          seen.push(position);
          if (position === 60) break;
        }
        return seen;
      });
      for (let index = 1; index <= 60; index++) {
        if (index % 20 === 0) {
          await server.kill();
          await server.start();
        }
        await again(() => logs.append('l', [{ key: String(index), value: 'x' }]));
      }
      const expected = Array.from({ length: 60 }, (_, index) => index + 1);
      for (const follower of followers) assert.deepEqual(await follower, expected);
    }, DURABLE));

  test('any number of followers share two connections, and hear at once of what another process appends', () =>
    withRedis(async ({ server, store, client }) => {
      const stop = new AbortController();
      const heard = Array.from({ length: 200 }, async (_, index) => {
        for await (const entry of store.logs.follow(`l${index % 10}`, 0, stop.signal)) return entry.value;
        return undefined;
      });
      await sleep(100);
      const clients = String(await client.client('LIST'))
        .trim()
        .split('\n');
      assert.equal(clients.filter((line) => line.includes('name=xorflow')).length, 2);
      await using other = openRedis(server.url);
      const began = performance.now();
      for (let log = 0; log < 10; log++) await other.logs.append(`l${log}`, [{ key: 'k', value: 'v' }]);
      assert.deepEqual(new Set(await Promise.all(heard)), new Set(['v']));
      assert.ok(performance.now() - began < 1_000);
    }));

  test('a follower ends with its signal even while Redis is away', () =>
    withRedis(async ({ server, store: { logs } }) => {
      const stop = new AbortController();
      await logs.append('l', [{ key: 'k', value: 'v' }]);
      const following = (async () => {
        for await (const _ of logs.follow('l', 0, stop.signal)) await server.kill();
      })();
      await sleep(300);
      const began = performance.now();
      stop.abort();
      await following;
      assert.ok(performance.now() - began < 100);
    }));

  test('while Redis is away every call fails in bounded time with the reason, and works again after that', () =>
    withRedis(async ({ server, store: { logs, artifacts } }) => {
      const bytes = Buffer.from('hello');
      const { digest } = await artifacts.put(bytes, info);
      await server.kill();
      const began = performance.now();
      const follow = async () => {
        for await (const _ of logs.follow('l', 0, new AbortController().signal)) return;
      };
      const calls = [
        () => logs.append('l', [{ key: 'k', value: 'v' }]),
        () => logs.read('l'),
        () => logs.find('l', 'k'),
        follow,
        () => artifacts.put(bytes, info),
        () => artifacts.get(digest),
        () => artifacts.open(digest),
      ];
      await Promise.all(
        calls.map((call) =>
          assert.rejects(call(), (error: XorflowError) => {
            assert.match(
              error.message,
              /^Cannot (read|write) the store redis:\/\/127\.0\.0\.1:\d+: connect ECONNREFUSED/,
            );
            return isAway(error);
          }),
        ),
      );
      assert.ok(performance.now() - began < 1_500);
      await server.start();
      await again(() => logs.append('l', [{ key: 'k', value: 'v' }]));
      assert.equal((await logs.read('l')).length, 1);
    }, DURABLE));

  test('a store is open before its Redis is there, and works when it comes', () =>
    withRedis(async ({ server }) => {
      await server.kill();
      await using store = openRedis(server.url, { patienceMs: 300 });
      await assert.rejects(store.logs.read('l'), isAway);
      const began = performance.now();
      await assert.rejects(store.logs.read('l'), isAway);
      assert.ok(performance.now() - began < 100, 'one that has been away for long is not waited for');
      await server.start();
      assert.deepEqual(await again(() => store.logs.read('l')), []);
    }));

  test('a Redis that hangs is given up in bounded time', () =>
    withRedis(async ({ server, store: { logs } }) => {
      await logs.read('l');
      process.kill(server.pid, 'SIGSTOP');
      const began = performance.now();
      await assert.rejects(logs.read('l'), isAway);
      assert.ok(performance.now() - began < 1_500);
      process.kill(server.pid, 'SIGCONT');
      assert.deepEqual(await again(() => logs.read('l')), []);
    }));

  test('a full, read-only or foreign Redis is told with its own words', () =>
    withRedis(async ({ server, store: { logs, artifacts }, client }) => {
      await client.config('SET', 'maxmemory', '1', 'maxmemory-policy', 'noeviction');
      await assert.rejects(logs.append('l', [{ key: 'k', value: 'v' }]), /Cannot write .*OOM command not allowed/);
      await assert.rejects(artifacts.put(Buffer.from('x'), info), /Cannot write .*OOM command not allowed/);
      await client.config('SET', 'maxmemory', '0');
      await client.replicaof('127.0.0.1', '1');
      await assert.rejects(logs.append('l', [{ key: 'k', value: 'v' }]), /Cannot write .*READONLY/);
      await client.replicaof('NO', 'ONE');
      assert.deepEqual(await again(() => logs.append('l', [{ key: 'k', value: 'v' }])), [
        { position: 1, appended: true },
      ]);
      assert.ok(server.pid > 0);
    }));

  test('a large artifact comes and goes in pieces, and is the own of whoever gets it', () =>
    withRedis(async ({ store: { artifacts }, client }) => {
      const bytes = Buffer.alloc(5 * 2 ** 20 + 3, 'xorflow ');
      const putting = artifacts.put(bytes, info);
      await sleep(5);
      assert.equal(await artifacts.open(digestOf(bytes)), undefined);
      const { digest } = await putting;
      const own = await artifacts.get(digest);
      assert.equal(own.buffer.byteLength, bytes.length);
      assert.ok(own.equals(bytes));
      const opened = await artifacts.open(digest);
      assert.ok(opened);
      assert.ok(Buffer.concat(await opened.stream().toArray()).equals(bytes));
      assert.deepEqual(await client.keys('*'), [`xorflow:{${digest}}`]);
      assert.equal((await artifacts.get((await artifacts.put(Buffer.alloc(0), info)).digest)).length, 0);
    }));

  test('a damaged artifact is found out', () =>
    withRedis(async ({ store: { artifacts }, client }) => {
      const { digest } = await artifacts.put(Buffer.from('whole'), info);
      const isCorrupt = (error: RejectedError) => error.code === 'CORRUPT_ARTIFACT';
      await client.hset(`xorflow:{${digest}}`, '0', 'wrong');
      await assert.rejects(artifacts.get(digest), isCorrupt);
      await client.hdel(`xorflow:{${digest}}`, '0');
      await assert.rejects(artifacts.get(digest), isCorrupt);
      await client.del(`xorflow:{${digest}}`);
      await artifacts.put(Buffer.from('whole'), info);
      assert.equal((await artifacts.get(digest)).toString(), 'whole');
    }));

  test('an artifact over the limit is refused, naming the limit and its setting', () =>
    withRedis(async ({ server }) => {
      await using store = await openStore(server.url, { maxArtifactBytes: 10 });
      await store.artifacts.put(Buffer.alloc(10), info);
      await assert.rejects(store.artifacts.put(Buffer.alloc(11), info), (error: RejectedError) => {
        assert.equal(error.code, 'TOO_LARGE');
        assert.equal(
          error.message,
          'Too large artifact "a.txt" of 11 bytes: expected at most 10, as XORFLOW_ARTIFACT_LIMIT says',
        );
        return true;
      });
    }));
});

test('the embedded store loads nothing of Redis', async () => {
  const loads = async (url: string) => {
    const script = `
      const { openStore } = await import(${JSON.stringify(OPEN)});
      const { createRequire } = await import('node:module');
      await using _ = await openStore(${JSON.stringify(url)});
      process.stdout.write(String(Object.keys(createRequire(${JSON.stringify(OPEN)}).cache).some((path) => path.includes('ioredis'))));`;
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', script]);
    return stdout;
  };
  await using folder = await makeFolder();
  assert.equal(await loads(`embedded:${folder.path}`), 'false');
  assert.equal(await loads('redis://127.0.0.1:1'), 'true');
});

function byKeyOf(entries: readonly { key: string; position: number }[]): Map<string, number> {
  return new Map(entries.map(({ key, position }) => [key, position]));
}
