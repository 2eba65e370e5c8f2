import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { CloudEventV1 } from 'cloudevents';
import { digestOf } from '../../events/descriptor.ts';
import type { ExperimentSpecInput } from '../../events/spec.ts';
import type { ExperimentState } from '../../events/state.ts';
import { findPlatform } from '../../knative/local/lock.ts';
import { type Platform, startPlatform } from '../../knative/local/platform.ts';

const MANIFESTS = fileURLToPath(new URL('../../knative/base', import.meta.url));
const COMMAND = fileURLToPath(new URL('../../scripts/xorflow.ts', import.meta.url));
const small: ExperimentSpecInput = {
  name: 'small',
  dataset: { trainSize: 400, validationSize: 100, testSize: 100 },
  training: { epochs: 60 },
};

async function withFolder<R>(run: (folder: string) => Promise<R>): Promise<R> {
  const folder = await mkdtemp(join(tmpdir(), 'xorflow-e2e-'));
  try {
    return await run(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function start(data: string, isolation: 'in-process' | 'process' = 'in-process'): Promise<Platform> {
  return startPlatform({ manifests: MANIFESTS, data, isolation, env: { LOG_LEVEL: 'silent' }, log: () => undefined });
}

async function json<T>(url: string, init?: RequestInit): Promise<T> {
  const response = await fetch(url, { ...init, headers: { accept: 'application/json', ...init?.headers } });
  assert.ok(response.ok, `${response.status} ${url}`);
  return (await response.json()) as T;
}

async function postSpec(gateway: string, spec: ExperimentSpecInput): Promise<string> {
  const { id } = await json<{ id: string }>(`${gateway}/experiments`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(spec),
  });
  return id;
}

async function postEvent(url: string, id: string, data: unknown): Promise<void> {
  const headers = {
    'ce-specversion': '1.0',
    'ce-type': 'experiment.requested',
    'ce-source': '/test',
    'ce-id': id,
    'ce-subject': id,
    'content-type': 'application/json',
  };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(data) });
  assert.equal(response.status, 202);
  assert.equal(await response.text(), '');
}

async function ended(gateway: string, id: string): Promise<ExperimentState> {
  for (let times = 0; times < 1200; times++) {
    const response = await fetch(`${gateway}/experiments/${id}`, { headers: { accept: 'application/json' } });
    if (response.ok) {
      const state = (await response.json()) as ExperimentState;
      if (state.status === 'completed' || state.status === 'failed') return state;
    }
    await sleep(50);
  }
  throw new Error(`Experiment ${id} did not end`);
}

function eventsOf(gateway: string, id: string): Promise<CloudEventV1<Record<string, unknown>>[]> {
  return json(`${gateway}/experiments/${id}/events`);
}

/** Every digest that the events of an experiment name, without those of the events themselves. */
async function digestsOf(gateway: string, id: string): Promise<string[]> {
  const events = await eventsOf(gateway, id);
  const found = events.flatMap(({ type, data }) =>
    [...JSON.stringify(data ?? {}).matchAll(/sha256:[0-9a-f]{64}/g)].map(([digest]) => `${type} ${digest}`),
  );
  return [...new Set(found)].sort();
}

describe('one event in, a finished experiment out', () => {
  let folder: string;
  let platform: Platform;
  let gateway: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'xorflow-e2e-'));
    platform = await start(folder);
    gateway = platform.urlOf('gateway');
  });
  after(async () => {
    await platform.close();
    await rm(folder, { recursive: true });
  });

  test('the same experiment posted three ways has the same digests', async () => {
    const byJson = await postSpec(gateway, small);
    await postEvent(`${gateway}/xorflow/default`, 'by-gateway', small);
    await postEvent(platform.brokerUrl, 'by-broker', small);
    const states = await Promise.all([byJson, 'by-gateway', 'by-broker'].map((id) => ended(gateway, id)));
    assert.deepEqual(
      states.map(({ status }) => status),
      ['completed', 'completed', 'completed'],
    );
    const [first, ...others] = await Promise.all(states.map(({ id }) => digestsOf(gateway, id)));
    assert.ok(first && first.length > 20);
    for (const other of others) assert.deepEqual(other, first);
  });

  test('the log has each event of the chain once, and every artifact has its bytes', async () => {
    const id = await postSpec(gateway, small);
    const state = await ended(gateway, id);
    await platform.idle();
    const types = (await eventsOf(gateway, id)).map(({ type }) => type).sort();
    assert.deepEqual(types, [
      'dataset.generated',
      'experiment.completed',
      'experiment.requested',
      'model.trained',
      'model.trained',
      'models.compared',
      'samples.plotted',
      'training.requested',
      'training.requested',
    ]);
    assert.equal(state.plots.length, 8);
    for (const digest of new Set((await digestsOf(gateway, id)).map((line) => line.split(' ')[1] ?? ''))) {
      const response = await fetch(`${gateway}/artifacts/sha256/${digest.slice(7)}`);
      assert.equal(digestOf(Buffer.from(await response.arrayBuffer())), digest);
    }
    const logs = await (await fetch(`${gateway}/experiments/${id}/logs`)).text();
    assert.match(logs, /^\d{4}-\S+Z \S+ epoch=60 loss=0\.\d+ accuracy=\d/m);
  });

  test('an event that is delivered five times makes one experiment', async () => {
    for (let times = 0; times < 5; times++) await postEvent(platform.brokerUrl, 'again', small);
    await ended(gateway, 'again');
    await platform.idle();
    const events = await eventsOf(gateway, 'again');
    assert.equal(new Set(events.map(({ source, id }) => `${source} ${id}`)).size, events.length);
    assert.equal(events.length, 9);
    assert.deepEqual(await digestsOf(gateway, 'again'), await digestsOf(gateway, 'by-broker'));
  });

  test('another request for an experiment that there is changes nothing', async () => {
    const before = await json<ExperimentState>(`${gateway}/experiments/again`);
    const headers = { 'ce-specversion': '1.0', 'ce-type': 'experiment.requested', 'ce-source': '/other', 'ce-id': '2' };
    const response = await fetch(platform.brokerUrl, {
      method: 'POST',
      headers: { ...headers, 'ce-subject': 'again', 'content-type': 'application/json' },
      body: JSON.stringify({ dataset: { dims: 5 } }),
    });
    assert.equal(response.status, 202);
    await platform.idle();
    assert.deepEqual(await json<ExperimentState>(`${gateway}/experiments/again`), before);
    assert.equal((await eventsOf(gateway, 'again')).length, 10);
  });

  test('three dimensions are not drawn, but compared', async () => {
    const id = await postSpec(gateway, { ...small, dataset: { ...small.dataset, dims: 3 } });
    const state = await ended(gateway, id);
    assert.equal(state.status, 'completed');
    await platform.idle();
    assert.ok(!(await eventsOf(gateway, id)).some(({ type }) => type === 'samples.plotted'));
    assert.ok(!state.plots.some(({ name }) => name.startsWith('scatter') || name === 'decision-surface'));
  });

  test('five models of every activation and optimizer are trained and compared', async () => {
    const models = (['relu', 'tanh', 'sigmoid'] as const).map((activation) => ({
      name: activation,
      hidden: [8],
      activation,
    }));
    const spec: ExperimentSpecInput = {
      ...small,
      models: [
        ...models,
        { name: 'sgd', hidden: [4], optimizer: 'sgd', momentum: 0.9 },
        { name: 'batches', hidden: [4, 4], batchSize: 64, epochs: 5 },
      ],
    };
    const state = await ended(gateway, await postSpec(gateway, spec));
    assert.equal(state.status, 'completed');
    assert.deepEqual(
      state.table.map(({ name }) => name),
      ['relu', 'tanh', 'sigmoid', 'sgd', 'batches'],
    );
  });

  test('a training that diverges fails the experiment, naming epoch and learning rate', async () => {
    const models = [
      { name: 'wild', hidden: [64, 64, 64, 64], optimizer: 'sgd' as const, learningRate: 100, momentum: 0.9 },
    ];
    const state = await ended(gateway, await postSpec(gateway, { ...small, models, training: { epochs: 1000 } }));
    assert.equal(state.status, 'failed');
    assert.equal(state.failure?.code, 'DIVERGED');
    assert.equal(state.failure?.stage, 'train');
    assert.match(state.failure?.reason ?? '', /epoch \d+ of model "wild" with learningRate 100/);
  });

  test('a wrong spec that reaches the broker fails with the sentence', async () => {
    await postEvent(platform.brokerUrl, 'wrong', { dataset: { dims: 1 } });
    const state = await ended(gateway, 'wrong');
    assert.equal(state.failure?.stage, 'generate');
    assert.match(state.failure?.reason ?? '', /Wrong value 1 at dataset\.dims: expected an integer from 2 to 64/);
  });

  test('an experiment too large for the machine is refused before it starts', async () => {
    const dataset = { dims: 64, trainSize: 1e8, validationSize: 1e8, testSize: 1e8 };
    const response = await fetch(`${gateway}/experiments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ dataset }),
    });
    assert.ok(response.status === 400 || response.status === 422);
    assert.match(((await response.json()) as { detail: string }).detail, /memory/);
    await postEvent(platform.brokerUrl, 'huge', { dataset });
    assert.equal((await ended(gateway, 'huge')).failure?.code, 'INSUFFICIENT_MEMORY');
  });
});

test('functions in processes of their own give the same digests', () =>
  withFolder(async (folder) => {
    const digests: string[][] = [];
    for (const isolation of ['in-process', 'process'] as const) {
      await using platform = await start(join(folder, isolation), isolation);
      const gateway = platform.urlOf('gateway');
      const id = await postSpec(gateway, small);
      assert.equal((await ended(gateway, id)).status, 'completed');
      digests.push(await digestsOf(gateway, id));
    }
    assert.deepEqual(digests[1], digests[0]);
  }));

test('kill -9 in the middle loses nothing: the next start completes the experiment, with the same digests', () =>
  withFolder(async (folder) => {
    const spec: ExperimentSpecInput = { ...small, dataset: { trainSize: 5_000 }, training: { epochs: 400 } };
    const killed: string[] = [];
    const up = async (): Promise<{ child: ChildProcess; gateway: string }> => {
      const child = spawn(process.execPath, [COMMAND, 'up', '--port', '0', '--store', folder], { stdio: 'ignore' });
      for (;;) {
        const found = await findPlatform(folder);
        if (found && found.pid === child.pid) return { child, gateway: found.url };
        assert.equal(child.exitCode, null, 'the platform ended');
        await sleep(20);
      }
    };
    let gateway = '';
    for (const wait of [0, 150, 600]) {
      const running = await up();
      gateway = running.gateway;
      killed.push(await postSpec(gateway, spec));
      await sleep(wait);
      running.child.kill('SIGKILL');
      await once(running.child, 'exit');
    }
    const last = await up();
    try {
      gateway = last.gateway;
      const whole = await postSpec(gateway, spec);
      const states = await Promise.all([...killed, whole].map((id) => ended(gateway, id)));
      assert.deepEqual(
        states.map(({ status }) => status),
        Array(4).fill('completed'),
      );
      const [reference, ...others] = await Promise.all([whole, ...killed].map((id) => digestsOf(gateway, id)));
      for (const other of others) assert.deepEqual(other, reference);
      for (const id of killed) {
        const events = await eventsOf(gateway, id);
        assert.equal(events.filter(({ type }) => type === 'experiment.completed').length, 1);
        assert.equal(events.length, 9);
      }
    } finally {
      last.child.kill('SIGTERM');
      await once(last.child, 'exit');
    }
  }));
