import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { makeEvent } from '../../events/define.ts';
import { TransientError } from '../../events/errors.ts';
import { toEnvelope } from '../../events/read.ts';
import { experimentRequested } from '../../events/registry.ts';
import { specSchema } from '../../events/spec.ts';
import { makeSearchClient } from '../../functions/client/searches.ts';
import { postEvent } from '../../functions/host/sink.ts';
import { openStore } from '../../functions/store/open.ts';
import { LOG, type Store } from '../../functions/store/port.ts';
import { KEY } from '../../functions/store/redis/keys.ts';
import { loadPlan } from '../../katib/local/experiment-plan.ts';
import { documentOf, type TuneDocument } from '../../katib/local/result.ts';
import { tune } from '../../katib/local/tune.ts';
import { startPlatform } from '../../knative/local/platform.ts';
import { writeExperiment } from '../support/experiment.ts';
import { startFleet } from '../support/fleet.ts';
import { makeFolder } from '../support/manifests.ts';
import { DURABLE, skipWithoutRedis, startRedis } from '../support/redis.ts';

const MANIFESTS = fileURLToPath(new URL('../../knative/base', import.meta.url));
const spec = specSchema.parse({
  name: 'redis',
  dataset: { trainSize: 5_000, validationSize: 100, testSize: 100 },
  training: { epochs: 400 },
});

interface Logged {
  readonly type: string;
  readonly source: string;
  readonly id: string;
  readonly data?: unknown;
}

function request(brokerUrl: string, id: string): Promise<void> {
  const event = makeEvent(experimentRequested, { source: '/test', id, subject: id, data: spec });
  return postEvent(brokerUrl, toEnvelope(event));
}

/** The events of an experiment, once it is over. */
async function untilOver(store: Store, id: string): Promise<Logged[]> {
  for (const end = Date.now() + 180_000; Date.now() < end; await sleep(100)) {
    try {
      const events = (await store.logs.read(LOG.events(id))).map(({ value }) => JSON.parse(value) as Logged);
      if (events.some(({ type }) => type === 'experiment.completed' || type === 'experiment.failed')) return events;
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
    }
  }
  throw new Error(`Experiment ${id} did not end`);
}

function digestsOf(events: readonly Logged[]): string[] {
  const found = events.flatMap(({ type, data }) =>
    [...JSON.stringify(data ?? {}).matchAll(/sha256:[0-9a-f]{64}/g)].map(([digest]) => `${type} ${digest}`),
  );
  return [...new Set(found)].sort();
}

async function undisturbed(data: string): Promise<string[]> {
  await using platform = await startPlatform({
    manifests: MANIFESTS,
    data,
    env: { LOG_LEVEL: 'silent' },
    log: () => undefined,
  });
  await request(platform.brokerUrl, 'reference');
  await using store = await openStore(`embedded:${join(data, 'store')}`);
  return digestsOf(await untilOver(store, 'reference'));
}

test('two processes of every function on one Redis, kill -9 of them and of Redis: the same digests, each event once, nothing kept too long', {
  skip: skipWithoutRedis(),
}, async () => {
  await using folder = await makeFolder();
  const reference = await undisturbed(join(folder.path, 'embedded'));
  assert.ok(reference.length > 20);
  await using redis = await startRedis(DURABLE);
  await using fleet = await startFleet({
    store: redis.url,
    data: join(folder.path, 'redis'),
    env: { XORFLOW_RETENTION: 'P1D' },
  });
  await using store = await openStore(redis.url);
  const ids = ['one', 'two', 'three'];
  await request(fleet.brokerUrl, 'one');
  await sleep(150);
  await Promise.all([fleet.kill('generate', 0), fleet.kill('gateway', 0), request(fleet.brokerUrl, 'two')]);
  await redis.kill();
  await request(fleet.brokerUrl, 'three');
  await sleep(500);
  await redis.start();
  await Promise.all([fleet.kill('train', 0), fleet.kill('compare', 1), fleet.kill('scatter', 0)]);
  await sleep(300);
  await redis.kill();
  await redis.start();
  await Promise.all(ids.map((id) => untilOver(store, id)));
  await fleet.broker.idle();
  for (const id of ids) {
    const events = (await store.logs.read(LOG.events(id))).map(({ value }) => JSON.parse(value) as Logged);
    assert.deepEqual(events.map(({ type }) => type).sort(), [
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
    assert.equal(new Set(events.map(({ source, id: name }) => `${source} ${name}`)).size, events.length);
    assert.deepEqual(digestsOf(events), reference, id);
  }
  const response = await fetch(`${fleet.urlOf('gateway')}/experiments`);
  const { experiments } = (await response.json()) as { experiments: { id: string; status: string }[] };
  assert.deepEqual(
    experiments.map(({ id, status }) => `${id} ${status}`).sort(),
    ids.map((id) => `${id} completed`).sort(),
  );
  assert.deepEqual(await keptForEver(redis.url), [KEY.entries(LOG.experiments), KEY.positions(LOG.experiments)]);
});

test('a search over two processes of every function on one Redis gives the trials of a laptop, also when one of them is killed', {
  skip: skipWithoutRedis(),
}, async () => {
  await using folder = await makeFolder();
  const plan = await loadPlan(await writeExperiment(folder.path));
  const options = { signal: new AbortController().signal };
  let reference: TuneDocument;
  {
    const data = join(folder.path, 'embedded');
    await using platform = await startPlatform({
      manifests: MANIFESTS,
      data,
      env: { LOG_LEVEL: 'silent' },
      log: () => undefined,
    });
    const client = makeSearchClient(platform.urlOf('gateway'));
    reference = documentOf(plan, await tune(plan, client, options));
  }
  await using redis = await startRedis(DURABLE);
  await using fleet = await startFleet({ store: redis.url, data: join(folder.path, 'redis') });
  let over = 0;
  const client = makeSearchClient(fleet.urlOf('gateway'));
  const result = await tune(plan, client, {
    ...options,
    onTrial: () => {
      if (++over === 3) void fleet.kill('train', 0);
    },
  });
  const found = documentOf(plan, result);
  assert.equal(found.digest, reference.digest);
  assert.deepEqual(found.trials, reference.trials);
});

async function keptForEver(url: string): Promise<string[]> {
  const client = new Redis(url);
  const keys = (await client.keys('*')).sort();
  const left = await Promise.all(keys.map((key) => client.pttl(key)));
  client.disconnect();
  return keys.filter((_, index) => left[index] === -1);
}
