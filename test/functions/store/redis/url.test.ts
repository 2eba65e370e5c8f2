import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { TransientError } from '../../../../events/errors.ts';
import { openStore } from '../../../../functions/store/open.ts';
import { parseRedisUrl } from '../../../../functions/store/redis/url.ts';
import { makeFolder } from '../../../support/manifests.ts';

const OPEN = new URL('../../../../functions/store/open.ts', import.meta.url).href;

describe('the URL of a Redis', () => {
  test('names one server, Sentinels or a cluster, with TLS or without', () => {
    assert.deepEqual(parseRedisUrl('redis://redis'), {
      kind: 'single',
      nodes: [{ host: 'redis', port: 6379 }],
      tls: false,
      db: 0,
      name: 'redis://redis',
    });
    assert.deepEqual(parseRedisUrl('rediss://me:p%40%3Aw@[::1]:7000/5'), {
      kind: 'single',
      nodes: [{ host: '::1', port: 7000 }],
      tls: true,
      db: 5,
      username: 'me',
      password: 'p@:w',
      name: 'rediss://[::1]:7000/5',
    });
    assert.deepEqual(parseRedisUrl('redis+sentinel://:pw@a,b:7001/main/1?sentinel-password=spw'), {
      kind: 'sentinel',
      nodes: [
        { host: 'a', port: 26_379 },
        { host: 'b', port: 7001 },
      ],
      tls: false,
      master: 'main',
      db: 1,
      password: 'pw',
      sentinelPassword: 'spw',
      name: 'redis+sentinel://a,b:7001/main/1',
    });
    const cluster = parseRedisUrl('rediss+cluster://a:1,b:2/');
    assert.deepEqual([cluster.kind, cluster.tls, cluster.nodes.length], ['cluster', true, 2]);
  });

  test('is refused with value, place and rule, and without its password', async () => {
    const rules: [string, RegExp][] = [
      ['redis://', /expected redis:\/\/\[user:password@\]host/],
      ['redis:host', /expected redis:\/\//],
      ['redis+other://host', /expected redis:\/\//],
      ['redis://a,b', /expected one host, or redis\+sentinel/],
      ['redis://host:70000', /expected hosts as host:port/],
      ['redis://host/x', /expected the number of a database at the end/],
      ['redis://host/1/2', /expected the number of a database at the end/],
      ['redis+sentinel://host', /expected the master's name after the Sentinels/],
      ['redis+cluster://host/1', /expected database 0/],
      ['redis://host?password=s3cret', /expected nothing after \?/],
      ['redis://s3cret@host', /expected user:password or :password/],
      ['redis://me:s3cr@s3cret@host', /expected redis:\/\//],
      ['http://me:s3cret@host', /expected embedded:<folder>, redis:\/\//],
      ['s3cret@host', /expected embedded:<folder>, redis:\/\//],
    ];
    for (const [url, rule] of rules) {
      await assert.rejects(openStore(url), (error: TransientError) => {
        assert.equal(error.code, 'STORE_UNAVAILABLE');
        assert.match(error.message, /^Wrong value ".*" in XORFLOW_STORE: /);
        assert.match(error.message, rule);
        assert.ok(!error.message.includes('s3c'), error.message);
        return true;
      });
    }
  });

  test('has settings that the embedded store refuses', async () => {
    await assert.rejects(
      openStore('embedded:x', { retentionMs: 1_000 }),
      /Wrong XORFLOW_RETENTION with the embedded store/,
    );
    await assert.rejects(openStore('embedded:x', { maxArtifactBytes: 1 }), /Wrong XORFLOW_ARTIFACT_LIMIT with/);
  });
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
