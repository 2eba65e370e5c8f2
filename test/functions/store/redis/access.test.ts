import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import { digestOf } from '../../../../events/descriptor.ts';
import { TransientError } from '../../../../events/errors.ts';
import { LOG } from '../../../../functions/store/port.ts';
import { KEY } from '../../../../functions/store/redis/keys.ts';
import { openRedis } from '../../../../functions/store/redis/open.ts';
import { makeFolder } from '../../../support/manifests.ts';
import { freePort, skipWithoutRedis, startRedis } from '../../../support/redis.ts';
import { info } from './harness.ts';

/** A store works by this URL: both parts of it, and what is told to followers. */
async function assertWorks(url: string): Promise<void> {
  await using store = openRedis(url, { patienceMs: 3_000 });
  const { digest } = await store.artifacts.put(Buffer.alloc(2 ** 20 + 1, 'x'), info);
  assert.equal((await store.artifacts.get(digest)).length, 2 ** 20 + 1);
  const heard = (async () => {
    for await (const { value } of store.logs.follow('l', 0, AbortSignal.timeout(3_000))) return value;
    return undefined;
  })();
  assert.deepEqual(await store.logs.append('l', [{ key: 'k', value: 'v' }]), [{ position: 1, appended: true }]);
  assert.equal(await heard, 'v');
}

/** It fails, and no part of the error has the secret. */
async function assertRefused(url: string, reason: RegExp, secret: string): Promise<void> {
  await using store = openRedis(url, { patienceMs: 500 });
  await assert.rejects(store.logs.read('l'), (error: Error) => {
    assert.ok(error instanceof TransientError);
    assert.match(error.message, reason);
    assert.ok(!inspect(error, { depth: 9, showHidden: true }).includes(secret));
    return true;
  });
}

describe('a Redis is reached', { skip: skipWithoutRedis() }, () => {
  test('with a password, with a user of its own, and not without', async () => {
    await using server = await startRedis(['--requirepass', 'se:cr@t']);
    const host = `127.0.0.1:${server.port}`;
    await assertWorks(`redis://:se%3Acr%40t@${host}`);
    await assertRefused(`redis://${host}`, /NOAUTH/, 'se:cr@t');
    await assertRefused(`redis://:wr0ng@${host}`, /WRONGPASS/, 'wr0ng');
    const admin = new Redis(server.port, { password: 'se:cr@t' });
    await admin.flushall();
    // Neither an administrator's commands nor keys and channels beside its own.
    await admin.acl(
      'SETUSER',
      'fn',
      'on',
      '>fn-pw',
      '~xorflow:*',
      '&xorflow:*',
      '+@all',
      '-@admin',
      '-@dangerous',
      '+info',
    );
    await assertWorks(`redis://fn:fn-pw@${host}`);
    await admin.acl('SETUSER', 'fn', 'resetchannels');
    await admin.flushall();
    await assertWorks(`redis://fn:fn-pw@${host}`);
    admin.disconnect();
  });

  test('in a database of its own', async () => {
    await using server = await startRedis();
    await assertWorks(`${server.url}/3`);
    await assertWorks(`${server.url}/4`);
    await assertRefused(`${server.url}/99`, /DB index is out of range/, 'nothing');
  });

  test('by TLS, if its certificate is that of its host', async () => {
    await using folder = await makeFolder();
    const [key, certificate] = [join(folder.path, 'key.pem'), join(folder.path, 'certificate.pem')];
    const subject = ['-subj', '/CN=redis', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync(
      'openssl',
      ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate, '-days', '2', ...subject],
      { stdio: 'ignore' },
    );
    const tls = ['--tls-cert-file', certificate, '--tls-key-file', key, '--tls-ca-cert-file', certificate];
    const port = await freePort();
    await using _server = await startRedis(['--tls-port', String(port), '--tls-auth-clients', 'no', ...tls]);
    const url = `rediss://127.0.0.1:${port}`;
    await assertRefused(url, /self-signed certificate/, 'nothing');
    const before = getCACertificates();
    setDefaultCACertificates([...before, readFileSync(certificate, 'utf8')]);
    await assertWorks(url);
    setDefaultCACertificates(before);
  });

  test('as a cluster of which a node is restarted; by a URL that knows nothing of it, the reason says so', async () => {
    const args = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'];
    await using first = await startRedis(args);
    await using second = await startRedis(args);
    const admin = new Redis(first.port);
    await admin.cluster('ADDSLOTSRANGE', 0, 8_191);
    const other = new Redis(second.port);
    await other.cluster('ADDSLOTSRANGE', 8_192, 16_383);
    await other.call('CLUSTER', 'SET-CONFIG-EPOCH', '2');
    await admin.cluster('MEET', '127.0.0.1', second.port);
    const isFormed = async () =>
      (await Promise.all([admin, other].map((node) => node.cluster('INFO')))).every(
        (text) => text.includes('cluster_state:ok') && text.includes('cluster_size:2'),
      );
    while (!(await isFormed())) await sleep(20);
    other.disconnect();
    const url = `redis+cluster://127.0.0.1:${first.port}`;
    await assertWorks(url);
    await using store = openRedis(url, { patienceMs: 3_000, retentionMs: 60_000 });
    const value = JSON.stringify({ type: 'experiment.completed', data: digestOf(Buffer.from('x')) });
    for (let log = 0; log < 20; log++) await store.logs.append(LOG.events(`x${log}`), [{ key: 'k', value }]);
    await using single = openRedis(first.url, { patienceMs: 3_000 });
    const slot = Number(await admin.cluster('KEYSLOT', KEY.entries('there')));
    assert.ok(slot > 8_191);
    await assert.rejects(single.logs.read('there'), /it is a cluster, expected redis\+cluster:/);
    await second.kill();
    await second.start();
    while (!(await store.logs.append('there', [{ key: 'k', value: 'v' }]).catch(() => undefined))) await sleep(50);
    admin.disconnect();
  });

  test('by Sentinels, which know its master by name, and another one when that is gone', async () => {
    // Otherwise a replica waits for five seconds before it has anything.
    const args = ['--repl-diskless-sync-delay', '0'];
    await using master = await startRedis(args);
    await using replica = await startRedis([...args, '--replicaof', '127.0.0.1', String(master.port)]);
    await using folder = await makeFolder({
      'sentinel.conf': `sentinel monitor main 127.0.0.1 ${master.port} 1\nsentinel down-after-milliseconds main 500\n`,
    });
    await using sentinel = await startRedis([join(folder.path, 'sentinel.conf'), '--sentinel']);
    const sentinels = `redis+sentinel://127.0.0.1:1,127.0.0.1:${sentinel.port}`;
    await assertRefused(`${sentinels}/other`, /no answer|All sentinels/i, 'nothing');
    await assertWorks(`${sentinels}/main`);
    await using store = openRedis(`${sentinels}/main`, { patienceMs: 1_000 });
    const append = (key: string) => store.logs.append('m', [{ key, value: 'v' }]);
    await append('before');
    const known = new Redis(replica.port);
    while ((await known.xlen(KEY.entries('m'))) === 0) await sleep(20);
    known.disconnect();
    const seen: string[] = [];
    const stop = new AbortController();
    const following = (async () => {
      for await (const { key } of store.logs.follow('m', 0, stop.signal)) if (seen.push(key) === 2) break;
    })();
    while (seen.length === 0) await sleep(20);
    await master.kill();
    while (!(await append('after').catch(() => undefined))) await sleep(50);
    await following;
    assert.deepEqual(seen, ['before', 'after']);
  });
});
