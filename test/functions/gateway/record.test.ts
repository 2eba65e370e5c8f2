import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CloudEvent } from 'cloudevents';
import { makeEvent } from '../../../events/define.ts';
import { experimentIdOf, keyOf } from '../../../events/ids.ts';
import { looseEvent } from '../../../events/read.ts';
import { experimentRequested, type KnownEvent, trialRequested } from '../../../events/registry.ts';
import { handle } from '../../../functions/gateway/handler.ts';
import { TRIALS_LOG } from '../../../functions/gateway/record.ts';
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
  assert.equal((await deps.store.logs.read(TRIALS_LOG)).length, 1);
  assert.equal((await deps.store.logs.read(LOG.experiments)).length, 0);
});

test('data that are no JSON, or nested too deep to be written out, do not stop the gateway', async () => {
  await using deps = await makeTestDeps();
  const attributes = { specversion: '1.0', source: '/test', type: experimentRequested.type };
  const deep = Buffer.from(`${'['.repeat(200_000)}${']'.repeat(200_000)}`);
  await handle(looseEvent({ attributes: { ...attributes, id: '1', subject: 'deep' }, body: deep }) as KnownEvent, deps);
  const text = { ...attributes, id: '2', subject: 'text', datacontenttype: 'text/plain' };
  await handle(looseEvent({ attributes: text, body: Buffer.from('hello') }) as KnownEvent, deps);
  assert.equal((await deps.store.logs.read(LOG.events('text'))).length, 1);
});
