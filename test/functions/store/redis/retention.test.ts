import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { LOG, type Store } from '../../../../functions/store/port.ts';
import { KEY } from '../../../../functions/store/redis/keys.ts';
import { openRedis } from '../../../../functions/store/redis/open.ts';
import { skipWithoutRedis, startRedis } from '../../../support/redis.ts';

const RETENTION_MS = 60_000;

async function withRetention(run: (store: Store, client: Redis) => Promise<void>, retentionMs?: number): Promise<void> {
  await using server = await startRedis();
  const client = new Redis(server.url);
  await using store = openRedis(server.url, { retentionMs: retentionMs ?? RETENTION_MS });
  await run(store, client);
  client.disconnect();
}

function put(store: Store, text: string): Promise<{ digest: string }> {
  return store.artifacts.put(Buffer.from(text), { mediaType: 'text/plain', name: 'a.txt' });
}

async function record(store: Store, experiment: string, type: string, data: unknown = {}): Promise<void> {
  const value = JSON.stringify({ type, data });
  await store.logs.append(LOG.events(experiment), [{ key: `${type} ${value}`, value }]);
}

/** Those of the keys that expire. */
async function expiring(client: Redis, keys: Readonly<Record<string, string>>): Promise<string[]> {
  const found: string[] = [];
  for (const [name, key] of Object.entries(keys)) if ((await client.pttl(key)) > 0) found.push(name);
  return found;
}

describe('the retention of experiments in Redis', { skip: skipWithoutRedis() }, () => {
  test('an experiment that is over expires with its logs and artifacts; one that goes on does not', () =>
    withRetention(async (store, client) => {
      const own = await put(store, 'own');
      const shared = await put(store, 'shared');
      await record(store, 'a', 'dataset.generated', [own, shared]);
      await record(store, 'b', 'dataset.generated', [shared]);
      await store.logs.append(LOG.lines('a'), [{ key: '1', value: 'loss' }]);
      await store.logs.append(LOG.experiments, [{ key: 'a', value: '{}' }]);
      const keys = {
        own: KEY.artifact(own.digest),
        shared: KEY.artifact(shared.digest),
        events: KEY.entries(LOG.events('a')),
        positions: KEY.positions(LOG.events('a')),
        lines: KEY.entries(LOG.lines('a')),
        others: KEY.entries(LOG.events('b')),
        experiments: KEY.entries(LOG.experiments),
      };
      assert.deepEqual(await expiring(client, keys), []);
      await record(store, 'a', 'experiment.completed');
      assert.deepEqual(await expiring(client, keys), ['own', 'events', 'positions', 'lines']);
      await record(store, 'b', 'experiment.failed');
      assert.deepEqual(await expiring(client, keys), ['own', 'shared', 'events', 'positions', 'lines', 'others']);
    }));

  test('an artifact that another experiment needs again stays', () =>
    withRetention(async (store, client) => {
      const { digest } = await put(store, 'again');
      await record(store, 'a', 'dataset.generated', digest);
      await record(store, 'a', 'experiment.completed');
      const keys = { artifact: KEY.artifact(digest) };
      assert.deepEqual(await expiring(client, keys), ['artifact']);
      await put(store, 'again');
      assert.deepEqual(await expiring(client, keys), []);
      await record(store, 'b', 'dataset.generated', digest);
      await record(store, 'a', 'experiment.completed');
      assert.deepEqual(await expiring(client, keys), []);
      await record(store, 'b', 'experiment.completed');
      assert.deepEqual(await expiring(client, keys), ['artifact']);
    }));

  test('what comes late to an experiment that is over expires too', () =>
    withRetention(async (store, client) => {
      await record(store, 'a', 'experiment.requested');
      await record(store, 'a', 'experiment.failed');
      const { digest } = await put(store, 'late');
      await store.logs.append(LOG.lines('a'), [{ key: '1', value: 'loss' }]);
      await record(store, 'a', 'model.trained', digest);
      const keys = { artifact: KEY.artifact(digest), lines: KEY.entries(LOG.lines('a')) };
      assert.deepEqual(await expiring(client, keys), ['artifact', 'lines']);
      assert.deepEqual(await client.keys('*:users'), []);
    }));

  test('after its time nothing of an experiment is left', () =>
    withRetention(async (store, client) => {
      const { digest } = await put(store, 'gone');
      await record(store, 'a', 'dataset.generated', digest);
      await record(store, 'a', 'experiment.completed');
      assert.equal((await store.logs.read(LOG.events('a'))).length, 2);
      await sleep(250);
      assert.deepEqual(await store.logs.read(LOG.events('a')), []);
      assert.equal(await store.artifacts.open(digest), undefined);
      assert.deepEqual(await client.keys('*'), []);
    }, 200));

  test('without a retention everything stays', async () => {
    await using server = await startRedis();
    const client = new Redis(server.url);
    await using store = openRedis(server.url);
    const { digest } = await put(store, 'kept');
    await record(store, 'a', 'dataset.generated', digest);
    await record(store, 'a', 'experiment.completed');
    for (const key of await client.keys('*')) assert.equal(await client.pttl(key), -1, key);
    client.disconnect();
  });
});
