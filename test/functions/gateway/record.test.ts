import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CloudEvent } from 'cloudevents';
import { makeEvent } from '../../../events/define.ts';
import { experimentIdOf, keyOf } from '../../../events/ids.ts';
import { looseEvent } from '../../../events/read.ts';
import { experimentFailed, experimentRequested, type KnownEvent, trialRequested } from '../../../events/registry.ts';
import { listExperiments } from '../../../functions/gateway/experiments.ts';
import { handle } from '../../../functions/gateway/handler.ts';
import { LOG } from '../../../functions/store/port.ts';
import { makeTestDeps } from '../../support/deps.ts';
import { chainOf } from './harness.ts';

const eventOf = (attributes: { type: string; id?: string; subject?: string; data?: unknown }) =>
  new CloudEvent<unknown>({ source: '/test', id: '1', ...attributes }, false) as KnownEvent;

test('every event of a chain is recorded once, in order, as structured JSON under its key', async () => {
  await using deps = await makeTestDeps();
  const chain = await chainOf(deps.store, 'xor-1');
  for (const event of [...chain, ...chain]) assert.deepEqual(await handle(event, deps), []);
  const entries = await deps.store.logs.read(LOG.events('xor-1'));
  assert.deepEqual(
    entries.map(({ key }) => key),
    chain.map(keyOf),
  );
  const first = JSON.parse(entries[0]?.value ?? '');
  assert.equal(first.type, 'experiment.requested');
  assert.deepEqual(first.data, chain[0]?.data);
});

test('a new experiment is put on the list of all, once, with its name and time', async () => {
  await using deps = await makeTestDeps();
  const [request] = await chainOf(deps.store, 'xor-1', 'mine');
  assert.ok(request);
  await handle(request, deps);
  await handle(request, deps);
  const list = await deps.store.logs.read(LOG.experiments);
  assert.deepEqual(
    list.map(({ key, value }) => [key, JSON.parse(value)]),
    [['xor-1', { id: 'xor-1', name: 'mine', time: request.time }]],
  );
});

test('a request without a subject is recorded under the id that is derived from it', async () => {
  await using deps = await makeTestDeps();
  await handle(eventOf({ type: 'experiment.requested', data: {} }), deps);
  const id = experimentIdOf({ source: '/test', id: '1' });
  assert.equal((await deps.store.logs.read(LOG.events(id))).length, 1);
});

for (const data of [{ models: 3 }, 'text', 7, null, undefined, { name: ['x'] }]) {
  test(`a request whose data are ${JSON.stringify(data)} is recorded as it came`, async () => {
    await using deps = await makeTestDeps();
    await handle(eventOf({ type: 'experiment.requested', subject: 'bad', data }), deps);
    assert.equal((await deps.store.logs.read(LOG.experiments)).length, 1);
    assert.equal((await deps.store.logs.read(LOG.events('bad'))).length, 1);
  });
}

test('an unknown type is recorded where it names an experiment, and acknowledged where it does not', async () => {
  await using deps = await makeTestDeps();
  await handle(eventOf({ type: 'com.example.seen', subject: 'xor-1', data: { any: true } }), deps);
  await handle(eventOf({ type: 'com.example.seen', id: '2' }), deps);
  await handle(eventOf({ type: 'com.example.seen', id: '3', subject: '../etc' }), deps);
  assert.equal((await deps.store.logs.read(LOG.events('xor-1'))).length, 1);
  assert.equal((await deps.store.logs.read(LOG.experiments)).length, 0);
});

test('a trial is recorded under its own name, and put on the list of trials', async () => {
  await using deps = await makeTestDeps();
  const data = trialRequested.example;
  await handle(makeEvent(trialRequested, { source: '/katib', id: '1', subject: 'trial-a', data }), deps);
  assert.equal((await deps.store.logs.read(LOG.events('trial-a'))).length, 1);
  assert.equal((await deps.store.logs.read(LOG.trials)).length, 1);
  assert.equal((await deps.store.logs.read(LOG.experiments)).length, 0);
});

test('a request with data that are no JSON, or nested too deep, or with an impossible subject, is recorded and listed', async () => {
  await using deps = await makeTestDeps();
  const attributes = { specversion: '1.0', source: '/test', type: experimentRequested.type };
  const record = (more: Record<string, string>, body: string) =>
    handle(looseEvent({ attributes: { ...attributes, ...more }, body: Buffer.from(body) }) as KnownEvent, deps);
  for (const levels of [101, 500, 10_000, 200_000]) {
    await record({ id: `${levels}`, subject: `deep-${levels}` }, `${'['.repeat(levels)}${']'.repeat(levels)}`);
  }
  await record({ id: '2', subject: 'text', datacontenttype: 'text/plain' }, 'hello');
  await record({ id: '3', subject: '../etc' }, '{}');
  const derived = experimentIdOf({ source: '/test', id: '3' });
  const { experiments } = await listExperiments(deps.store, { cursor: undefined, limit: 20 });
  assert.deepEqual(
    experiments.map(({ id }) => id),
    [derived, 'text', 'deep-200000', 'deep-10000', 'deep-500', 'deep-101'],
  );
  for (const { id } of experiments) assert.equal((await deps.store.logs.read(LOG.events(id))).length, 1);
});

test('a failure of an experiment that nobody has heard of is listed; that of a trial is not', async () => {
  await using deps = await makeTestDeps();
  const failure = (id: string, type: string) =>
    makeEvent(experimentFailed, {
      source: '/xorflow/train',
      id,
      subject: id,
      data: { stage: 'train', code: 'INVALID_SPEC', reason: 'Wrong', cause: { type, source: '/test', id: '1' } },
    });
  await handle(failure('lost', 'training.requested'), deps);
  await handle(failure('trial-a', 'trial.requested'), deps);
  const { experiments } = await listExperiments(deps.store, { cursor: undefined, limit: 20 });
  assert.deepEqual(
    experiments.map(({ id, name, status, reason }) => ({ id, name, status, reason })),
    [{ id: 'lost', name: 'lost', status: 'failed', reason: 'Wrong' }],
  );
});

test('a request that is no spec keeps its name and time where its failure came first', async () => {
  await using deps = await makeTestDeps();
  const request = eventOf({ type: 'experiment.requested', subject: 'bad', data: { name: 'mine', models: 3 } });
  const cause = { type: request.type, source: request.source, id: request.id };
  const data = { stage: 'generate', code: 'INVALID_SPEC', reason: 'Wrong', cause };
  await handle(makeEvent(experimentFailed, { source: '/xorflow/generate', id: 'f', subject: 'bad', data }), deps);
  await handle(request, deps);
  const { experiments } = await listExperiments(deps.store, { cursor: undefined, limit: 20 });
  assert.deepEqual(
    experiments.map(({ name, requestedAt }) => ({ name, requestedAt })),
    [{ name: 'mine', requestedAt: request.time }],
  );
});
