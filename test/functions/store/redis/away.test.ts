import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { XorflowError } from '../../../../events/errors.ts';
import { openRedis } from '../../../../functions/store/redis/open.ts';
import { DURABLE, skipWithoutRedis } from '../../../support/redis.ts';
import { again, info, isAway, withRedis } from './harness.ts';

describe('a Redis that comes and goes', { skip: skipWithoutRedis() }, () => {
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
      assert.ok(performance.now() - began < 500);
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
      assert.ok(performance.now() - began < 2_000);
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
      assert.ok(performance.now() - began < 250, 'one that has been away for long is not waited for');
      await server.start();
      assert.deepEqual(await again(() => store.logs.read('l')), []);
    }));

  test('a Redis that hangs is given up in bounded time', () =>
    withRedis(async ({ server, store: { logs } }) => {
      await logs.read('l');
      process.kill(server.pid, 'SIGSTOP');
      const began = performance.now();
      await assert.rejects(logs.read('l'), isAway);
      assert.ok(performance.now() - began < 2_000);
      process.kill(server.pid, 'SIGCONT');
      assert.deepEqual(await again(() => logs.read('l')), []);
    }));

  test('a full, read-only or foreign Redis is told with its own words', () =>
    withRedis(async ({ store: { logs, artifacts }, client }) => {
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
    }));
});
