import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { jobIdOf } from '../../../events/ids.ts';
import { type JobChange, type LocalJobSink, openJobSink } from '../../../knative/local/job-sink.ts';
import { serveJobSinks } from '../../../knative/local/job-sinks.ts';
import { makeFolder, type TempFolder } from '../../support/manifests.ts';

const FILE = fileURLToPath(new URL('../../support/fixtures/job.ts', import.meta.url));
const SOURCE = '/xorflow/train';

interface Made extends AsyncDisposable {
  readonly url: string;
  readonly base: string;
  readonly sink: LocalJobSink;
  readonly ends: JobChange[];
}

interface Given {
  readonly env?: Record<string, string>;
  readonly backoffLimit?: number;
  readonly deadlineMs?: number;
  readonly isFinal?: (code: number) => boolean;
  readonly launches?: boolean;
}

async function makeSink(folder: TempFolder, given: Given = {}): Promise<Made> {
  const ends: JobChange[] = [];
  const sink = await openJobSink({
    name: 'long',
    folder: join(folder.path, 'jobs'),
    labels: { app: 'x' },
    slots: 2,
    backoff: { firstMs: 1, longestMs: 2 },
    onEnd: async (change) => void ends.push(change),
    onOutput: () => undefined,
  });
  const server = await serveJobSinks('ns', new Map([['long', sink]]));
  const { env = {}, backoffLimit = 2, deadlineMs, isFinal = () => false, launches = true } = given;
  const template = { file: FILE, env: { ...env, K_EXECUTION_MODE: 'batch' }, backoffLimit, deadlineMs, isFinal };
  if (launches) await sink.launch(template);
  const url = server.urlOf('long');
  return {
    url,
    base: new URL(url).origin,
    sink,
    ends,
    async [Symbol.asyncDispose]() {
      await sink.close();
      await server.close();
    },
  };
}

async function post(url: string, id: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: {
      'ce-specversion': '1.0',
      'ce-type': 'training.requested',
      'ce-source': SOURCE,
      'ce-id': id,
      'content-type': 'application/json',
      ...headers,
    },
    body: '{}',
  });
}

async function ended({ base }: Made, location: string): Promise<Response> {
  for (;;) {
    const response = await fetch(`${base}${location}`);
    if (response.status !== 202) return response;
    await sleep(10);
  }
}

async function runsOf(folder: TempFolder, id: string): Promise<string[]> {
  const path = join(folder.path, 'jobs', jobIdOf({ source: SOURCE, id }), 'runs');
  return (await readFile(path, 'utf8')).trim().split('\n');
}

test('an event becomes one Job, however often it comes, and its state can be asked for', async () => {
  await using folder = await makeFolder();
  await using made = await makeSink(folder);
  const responses = await Promise.all([post(made.url, 'a'), post(made.url, 'a')]);
  const location = '/namespaces/ns/name/long/sources//xorflow/train/ids/a';
  for (const response of responses) {
    assert.deepEqual([response.status, response.headers.get('location'), await response.text()], [202, location, '']);
  }
  const end = await ended(made, location);
  assert.deepEqual([end.status, end.headers.get('reason')], [200, 'Complete']);
  assert.equal((await post(made.url, 'a')).status, 202);
  await sleep(30);
  assert.deepEqual(await runsOf(folder, 'a'), ['batch a']);
  assert.deepEqual(
    made.ends.map(({ name, labels, end: { type } }) => ({ name, labels, type })),
    [
      {
        name: `long-${jobIdOf({ source: SOURCE, id: 'a' })}`,
        labels: {
          app: 'x',
          'sinks.knative.dev/job-sink-id': jobIdOf({ source: SOURCE, id: 'a' }),
          'sinks.knative.dev/job-sink-name': 'long',
        },
        type: 'Complete',
      },
    ],
  );
});

test('a running Job is 202, one that failed 400 with the reason, one that never was 404', async () => {
  await using folder = await makeFolder();
  await using made = await makeSink(folder, { env: { HANG: '1' }, deadlineMs: 400 });
  const location = (await post(made.url, 'a')).headers.get('location') ?? '';
  assert.equal((await fetch(`${made.base}${location}`)).status, 202);
  const end = await ended(made, location);
  assert.deepEqual([end.status, end.headers.get('reason')], [400, 'Failed']);
  assert.equal(made.ends[0]?.end.reason, 'DeadlineExceeded');
  assert.equal((await fetch(`${made.base}${location}x`)).status, 404);
  assert.equal((await fetch(`${made.base}/namespaces/ns`)).status, 400);
});

test('what is no event, and a JobSink that there is not, are 400 and make no Job', async () => {
  await using folder = await makeFolder();
  await using made = await makeSink(folder);
  assert.equal((await post(made.url, 'a', { 'ce-type': '' })).status, 400);
  assert.equal((await post(`${made.base}/ns/other`, 'a')).status, 400);
  assert.equal((await post(`${made.base}/elsewhere/long`, 'a')).status, 400);
  assert.equal((await fetch(made.url, { method: 'DELETE' })).status, 400);
  assert.deepEqual(made.ends, []);
});

test('a pod that fails is started again until one succeeds or there were too many', async () => {
  await using folder = await makeFolder();
  {
    await using made = await makeSink(folder, { env: { CODES: '1,1,0' } });
    assert.equal((await ended(made, (await post(made.url, 'a')).headers.get('location') ?? '')).status, 200);
    assert.equal((await runsOf(folder, 'a')).length, 3);
  }
  await using made = await makeSink(folder, { env: { CODES: '1' } });
  assert.equal((await ended(made, (await post(made.url, 'b')).headers.get('location') ?? '')).status, 400);
  assert.equal((await runsOf(folder, 'b')).length, 3);
  assert.match(made.ends[0]?.end.message ?? '', /its last pod ended with exit code 1$/);
  assert.equal(made.ends[0]?.end.reason, 'BackoffLimitExceeded');
});

test('an exit code that podFailurePolicy names ends the Job at once', async () => {
  await using folder = await makeFolder();
  await using made = await makeSink(folder, { env: { CODES: '2' }, isFinal: (code) => code === 2 });
  assert.equal((await ended(made, (await post(made.url, 'a')).headers.get('location') ?? '')).status, 400);
  assert.deepEqual(await runsOf(folder, 'a'), ['batch a']);
  assert.equal(made.ends[0]?.end.reason, 'PodFailurePolicy');
});

test('a Job that was taken before is run by the next process, one that is over is not', async () => {
  await using folder = await makeFolder();
  let location = '';
  {
    await using made = await makeSink(folder, { launches: false });
    location = (await post(made.url, 'a')).headers.get('location') ?? '';
  }
  {
    await using made = await makeSink(folder);
    assert.equal((await ended(made, location)).status, 200);
  }
  await using made = await makeSink(folder);
  assert.equal((await ended(made, location)).status, 200);
  assert.deepEqual(await runsOf(folder, 'a'), ['batch a']);
});
