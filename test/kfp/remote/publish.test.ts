import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { openPipelines } from '../../../functions/pipelines/api.ts';
import { findCredentials } from '../../../functions/pipelines/credentials.ts';
import { publish } from '../../../kfp/remote/publish.ts';
import { startKfpApi } from '../../support/kfp-api.ts';

const { signal } = new AbortController();
const FILE = await readFile(new URL('../../../kfp/pipeline.yaml', import.meta.url));

function open(url: string, namespace?: string) {
  const credentials = findCredentials({ env: {}, projected: '/nowhere/token' });
  return openPipelines({ url, namespacePlace: '--namespace', credentials, namespace }, signal);
}

test('the pipeline is uploaded once; the same bytes are the same version, others one more', async () => {
  await using server = await startKfpApi();
  const api = await open(server.url);
  const given = { name: 'xorflow', file: FILE, description: 'the chain' };
  const first = await publish(api, given, signal);
  const again = await publish(api, given, signal);
  assert.deepEqual([first.isNew, again.isNew], [true, false]);
  assert.deepEqual({ ...again, isNew: true }, first);
  assert.match(first.versionName, /^sha256-[0-9a-f]{16}$/);
  const other = await publish(api, { ...given, file: Buffer.concat([FILE, Buffer.from('\n')]) }, signal);
  assert.equal(other.pipeline, first.pipeline);
  assert.notEqual(other.version, first.version);
  // Found again though it is not the newest.
  assert.equal((await publish(api, given, signal)).version, first.version);
  const [{ description, versions } = assert.fail(), ...more] = server.pipelines;
  assert.deepEqual([description, more, versions.length], ['the chain', [], 3]);
});

test('two that upload at once end with one pipeline and one version', async () => {
  await using server = await startKfpApi();
  const api = await open(server.url);
  const given = { name: 'xorflow', file: FILE, description: '' };
  const [one, other] = await Promise.all([publish(api, given, signal), publish(api, given, signal)]);
  assert.deepEqual([one.pipeline, one.version], [other.pipeline, other.version]);
});

test('with many users, the pipeline is that of the namespace', async () => {
  await using server = await startKfpApi({ multiUser: true });
  for (const namespace of ['alice', 'bob'])
    await publish(await open(server.url, namespace), { name: 'xorflow', file: FILE, description: '' }, signal);
  assert.deepEqual(
    server.pipelines.map(({ namespace }) => namespace),
    ['alice', 'bob'],
  );
});
