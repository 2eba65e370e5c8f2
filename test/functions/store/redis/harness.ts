import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { TransientError } from '../../../../events/errors.ts';
import type { Store } from '../../../../functions/store/port.ts';
import { openRedis } from '../../../../functions/store/redis/open.ts';
import { startRedis, type TestRedis } from '../../../support/redis.ts';

export const info = { mediaType: 'text/plain', name: 'a.txt' };

/** For `assert.rejects`: the store is away. */
export function isAway(error: unknown): boolean {
  assert.ok(error instanceof TransientError, String(error));
  assert.equal(error.code, 'STORE_UNAVAILABLE');
  return true;
}

/** Calls until it works: what a broker does. */
export async function again<R>(work: () => Promise<R>): Promise<R> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      isAway(error);
      await sleep(20);
    }
  }
}

/** A store in a Redis of its own, and a client that looks behind it. */
export async function withRedis(
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
