import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openRedis } from '../../../../functions/store/redis/open.ts';
import { DURABLE, skipWithoutRedis } from '../../../support/redis.ts';
import { again, withRedis } from './harness.ts';

const APPENDER = fileURLToPath(new URL('../../../support/fixtures/append-redis.ts', import.meta.url));

describe('logs in Redis', { skip: skipWithoutRedis() }, () => {
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
      assert.ok(performance.now() - began < 1_500);
    }));
});

function byKeyOf(entries: readonly { key: string; position: number }[]): Map<string, number> {
  return new Map(entries.map(({ key, position }) => [key, position]));
}
