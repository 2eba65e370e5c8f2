import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { digestOf } from '../../../../events/descriptor.ts';
import type { RejectedError } from '../../../../events/errors.ts';
import { openStore } from '../../../../functions/store/open.ts';
import { skipWithoutRedis } from '../../../support/redis.ts';
import { info, withRedis } from './harness.ts';

describe('artifacts in Redis', { skip: skipWithoutRedis() }, () => {
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
