import assert from 'node:assert/strict';
import { cp, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { CloudEventV1 } from 'cloudevents';
import type { ExperimentSpecInput } from '../../events/spec.ts';
import type { ExperimentState } from '../../events/state.ts';
import { type Platform, type PlatformLogEvent, startPlatform } from '../../knative/local/platform.ts';
import { makeFolder } from '../support/manifests.ts';

const BASE = fileURLToPath(new URL('../../knative/base', import.meta.url));
const SPEC: ExperimentSpecInput = {
  name: 'jobs',
  dataset: { trainSize: 400, validationSize: 100, testSize: 100 },
  training: { epochs: 60 },
};

/** The manifests of the project, with the one setting between the tiers at so many seconds, and other changes. */
async function manifestsWith(folder: string, seconds: number, change = (text: string) => text): Promise<string> {
  const manifests = join(folder, `manifests-${seconds}`);
  await cp(BASE, manifests, { recursive: true });
  for (const name of await readdir(manifests)) {
    const path = join(manifests, name);
    const text = await readFile(path, 'utf8');
    const setting = /(name: XORFLOW_JOB_SECONDS\s+value: )"60"/;
    await writeFile(path, change(text.replace(setting, `$1"${seconds}"`)));
  }
  return manifests;
}

async function start(manifests: string, data: string, log: (event: PlatformLogEvent) => void = () => undefined) {
  return startPlatform({ manifests, data, env: { LOG_LEVEL: 'silent' }, log });
}

async function request(platform: Platform, spec: ExperimentSpecInput): Promise<string> {
  const response = await fetch(`${platform.urlOf('gateway')}/experiments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(spec),
  });
  assert.equal(response.status, 202);
  return ((await response.json()) as { id: string }).id;
}

async function ended(platform: Platform, id: string): Promise<ExperimentState> {
  for (;;) {
    const response = await fetch(`${platform.urlOf('gateway')}/experiments/${id}`, {
      headers: { accept: 'application/json' },
    });
    const state = (await response.json()) as ExperimentState;
    if (response.ok && (state.status === 'completed' || state.status === 'failed')) return state;
    await sleep(30);
  }
}

async function eventsOf(platform: Platform, id: string): Promise<CloudEventV1<Record<string, unknown>>[]> {
  const response = await fetch(`${platform.urlOf('gateway')}/experiments/${id}/events`, {
    headers: { accept: 'application/json' },
  });
  return (await response.json()) as CloudEventV1<Record<string, unknown>>[];
}

const weightsOf = (state: ExperimentState) => state.table.map(({ weights }) => weights);

test('long trainings are Jobs, and give what the Service gives', async () => {
  await using folder = await makeFolder();
  const log: PlatformLogEvent[] = [];
  await using jobs = await start(await manifestsWith(folder.path, 0), join(folder.path, 'a'), (entry) =>
    log.push(entry),
  );
  await using service = await start(BASE, join(folder.path, 'b'));
  const [long, short] = [await request(jobs, SPEC), await request(service, SPEC)];
  const state = await ended(jobs, long);
  assert.equal(state.status, 'completed', JSON.stringify(state.failure));
  assert.deepEqual(weightsOf(state), weightsOf(await ended(service, short)));
  const requests = (await eventsOf(jobs, long)).filter(({ type }) => type === 'training.requested');
  assert.deepEqual(
    requests.map(({ tier }) => tier),
    ['job', 'job'],
  );
  const lines = await fetch(`${jobs.urlOf('gateway')}/experiments/${long}/logs`);
  assert.match(await lines.text(), /epoch=60 loss=/);
  // JobSink may be asked what became of each; it makes no second Job of an event.
  const ends = log.filter(({ name }) => name === 'job:ended');
  assert.equal(ends.length, 2);
});

test('a Job that dies without a word fails the experiment, with the Job and the reason', async () => {
  await using folder = await makeFolder();
  // A function that is not there: the process ends before it could say anything.
  const broken = (text: string) =>
    text.includes('kind: JobSink')
      ? text
          .replace('functions/train/index.ts', 'functions/nowhere/index.ts')
          .replace('backoffLimit: 2', 'backoffLimit: 0')
      : text;
  await using platform = await start(await manifestsWith(folder.path, 0, broken), join(folder.path, 'data'));
  const id = await request(platform, SPEC);
  const state = await ended(platform, id);
  assert.equal(state.status, 'failed');
  assert.equal(state.failure?.code, 'JOB_FAILED');
  assert.match(
    state.failure?.reason ?? '',
    /^Job train-long-[0-9a-f]{32} of model "[01] hidden layers?" ended without a result \(BackoffLimitExceeded: /,
  );
});

test('a Job whose training cannot work says so itself, and is not tried again', async () => {
  await using folder = await makeFolder();
  const log: PlatformLogEvent[] = [];
  const manifests = await manifestsWith(folder.path, 0);
  await using platform = await start(manifests, join(folder.path, 'data'), (entry) => log.push(entry));
  const models = [{ name: 'wild', hidden: [16, 16, 16, 16] }];
  const dataset = { trainSize: 200, validationSize: 50 };
  const id = await request(platform, { models, dataset, training: { optimizer: 'sgd', learningRate: 100 } });
  const state = await ended(platform, id);
  assert.deepEqual([state.status, state.failure?.code], ['failed', 'DIVERGED']);
  while (!log.some(({ name }) => name === 'job:ended')) await sleep(20);
  assert.deepEqual(
    log.flatMap((entry) => (entry.name === 'job:ended' ? [entry.type] : [])),
    ['Complete'],
  );
});

test('Jobs that a stopped platform left unfinished are run by the next one', async () => {
  await using folder = await makeFolder();
  const manifests = await manifestsWith(folder.path, 0);
  const data = join(folder.path, 'data');
  const spec = { ...SPEC, training: { epochs: 200_000 }, models: [{ name: 'm', hidden: [4] }] };
  let id = '';
  {
    let begun = () => {};
    const running = new Promise<void>((resolve) => {
      begun = resolve;
    });
    await using platform = await start(manifests, data, (entry) => {
      if (entry.name === 'function:output' && entry.service === 'train-long' && entry.line.includes(' epoch=')) begun();
    });
    id = await request(platform, spec);
    await running;
  }
  await using platform = await start(manifests, data);
  const state = await ended(platform, id);
  assert.equal(state.status, 'completed', JSON.stringify(state.failure));
  const events = await eventsOf(platform, id);
  const keys = events.map(({ source, id: event }) => `${source} ${event}`);
  assert.equal(new Set(keys).size, keys.length);
});
