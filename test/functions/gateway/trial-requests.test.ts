import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeEvent } from '../../../events/define.ts';
import { writeStructured } from '../../../events/envelope.ts';
import { toEnvelope } from '../../../events/read.ts';
import { type KnownEvent, searchStarted, trialCompleted, trialRequested } from '../../../events/registry.ts';
import { recordEvent } from '../../../functions/gateway/record.ts';
import { LOG } from '../../../functions/store/port.ts';
import { addLines, type Gateway, startGateway } from './harness.ts';

let gateway: Gateway;
before(async () => {
  gateway = await startGateway();
});
after(() => gateway[Symbol.asyncDispose]());

const STRUCTURED = 'application/cloudevents+json';

function requestOf(name: string, changes: Partial<NonNullable<(typeof trialRequested)['example']>> = {}): KnownEvent {
  return makeEvent(trialRequested, {
    source: '/katib',
    id: name,
    subject: name,
    data: { ...trialRequested.example, ...changes },
  });
}

function post(path: string, event: KnownEvent) {
  const { body } = writeStructured(toEnvelope(event));
  return gateway.http.post(path).set('content-type', STRUCTURED).send(body.toString());
}

test('a trial is given to the broker with its search for Triggers to see, and its links work at once', async () => {
  const { body } = await post('/trials', requestOf('trial-1')).expect(202).expect('location', '/trials/trial-1');
  assert.deepEqual(body, {
    name: 'trial-1',
    links: { self: '/trials/trial-1', events: '/trials/trial-1/events', logs: '/trials/trial-1/logs' },
  });
  const sent = gateway.sent.at(-1)?.attributes;
  assert.deepEqual([sent?.type, sent?.subject, sent?.experiment], ['trial.requested', 'trial-1', 'xor-random']);
  const shown = await gateway.http.get('/trials/trial-1').expect(200);
  assert.equal(shown.body.status, 'requested');
  assert.deepEqual(shown.body.objective, { metric: 'validation_accuracy', type: 'maximize' });
});

test('the same request again is one trial; another one under its name is refused', async () => {
  await post('/trials', requestOf('trial-2')).expect(202);
  await post('/trials', requestOf('trial-2')).expect(202);
  assert.equal((await gateway.store.logs.read(LOG.events('trial-2'))).length, 1);
  const other = makeEvent(trialRequested, { source: '/x', id: '9', subject: 'trial-2', data: trialRequested.example });
  const conflict = await post('/trials', other).expect(409);
  assert.equal(
    conflict.body.detail,
    'Trial "trial-2" exists: expected another subject, or the event that asked for it',
  );
  const changed = await post('/trials', requestOf('trial-2', { deadlineMs: 1 })).expect(422);
  assert.equal(
    changed.body.detail,
    'Trial "trial-2" was asked for with other data: expected the same, or another name',
  );
});

for (const [what, send, status, detail] of [
  [
    'another type',
    () =>
      post('/trials', makeEvent(trialCompleted, { source: '/x', id: '1', subject: 't', data: trialCompleted.example })),
    422,
    'Wrong value "trial.completed" at type: expected "trial.requested"; any other event goes to the broker\'s own path',
  ],
  [
    'no event at all',
    () => gateway.http.post('/trials').send({ a: 1 }),
    415,
    'Wrong content-type: expected a CloudEvent trial.requested as application/cloudevents+json',
  ],
  [
    'a name that is none',
    () =>
      gateway.http
        .post('/trials')
        .set('content-type', STRUCTURED)
        .send(JSON.stringify({ ...toJson(requestOf('x')), subject: 'a b' })),
    422,
    'Wrong value "a b" at subject: expected 1 to 63 letters, digits, ".", "_" or "-", beginning and ending with a letter or digit',
  ],
  [
    'a wrong field',
    () =>
      gateway.http
        .post('/trials')
        .set('content-type', STRUCTURED)
        .send(JSON.stringify({ ...toJson(requestOf('x')), data: { ...trialRequested.example, deadlineMs: 0 } })),
    422,
    /deadlineMs/,
  ],
] as const) {
  test(`${what} in place of a trial is refused with a sentence`, async () => {
    const { body } = await send().expect(status);
    if (typeof detail === 'string') assert.equal(body.detail, detail);
    else assert.match(body.detail, detail);
  });
}

function toJson(event: KnownEvent): Record<string, unknown> {
  return JSON.parse(writeStructured(toEnvelope(event)).body.toString()) as Record<string, unknown>;
}

test('a trial is cancelled by one event, however often that is asked for', async () => {
  await post('/trials', requestOf('trial-3')).expect(202);
  await gateway.http.delete('/trials/trial-3').send({ reason: 'the pod was told to stop' }).expect(202);
  await gateway.http.delete('/trials/trial-3').expect(202);
  const entries = await gateway.store.logs.read(LOG.events('trial-3'));
  const cancelled = entries.map(({ value }) => JSON.parse(value)).filter(({ type }) => type === 'trial.cancelled');
  assert.deepEqual(
    cancelled.map(({ data }) => data),
    [{ experiment: 'xor-random', reason: 'the pod was told to stop' }],
  );
  assert.equal(gateway.sent.at(-1)?.attributes.type, 'trial.cancelled');
  await gateway.http.delete('/trials/nobody').expect(404);
  const wrong = await gateway.http.delete('/trials/trial-3').send({ why: 'x' }).expect(422);
  assert.match(wrong.body.detail, /why/);
});

test('the lines of a trial are followed to its end', async () => {
  await post('/trials', requestOf('trial-4')).expect(202);
  await addLines(gateway.store, 'trial-4', ['one', 'two', 'three']);
  const now = await gateway.http.get('/trials/trial-4/logs?follow=false&after=1').expect(200);
  assert.equal(now.text, 'two\nthree\n');
  const followed = fetch(`${gateway.url}/trials/trial-4/logs`).then((response) => response.text());
  const events = fetch(`${gateway.url}/trials/trial-4/events`, { headers: { accept: 'text/event-stream' } }).then(
    (response) => response.text(),
  );
  await addLines(gateway.store, 'trial-4', ['four']);
  const data = trialCompleted.example;
  await recordEvent(gateway.store, makeEvent(trialCompleted, { source: '/x', id: 'c4', subject: 'trial-4', data }));
  assert.equal(await followed, 'one\ntwo\nthree\nfour\n');
  const text = await events;
  assert.match(text, /event: trial\.requested/);
  assert.match(text, /event: trial\.completed[\s\S]*event: end\ndata: \{"status":"completed"\}\n\n$/);
  await gateway.http.get('/trials/nobody/logs').expect(404);
});

test('a search has the events of all its trials, and shows the best of them', async () => {
  const experiment = 'xor-search';
  const started = { ...searchStarted.example, experiment };
  const event = makeEvent(searchStarted, { source: '/katib', id: 's', subject: experiment, data: started });
  const { body } = await post('/searches', event).expect(202).expect('location', `/searches/${experiment}`);
  assert.deepEqual(body, {
    name: experiment,
    links: { self: `/searches/${experiment}`, events: `/searches/${experiment}/events` },
  });
  for (const [name, value] of [
    ['s-1', 0.7],
    ['s-2', 0.9],
    ['s-3', 0.9],
  ] as const) {
    await post('/trials', requestOf(name, { experiment })).expect(202);
    const data = { ...trialCompleted.example, experiment, objective: { ...trialRequested.example.objective, value } };
    await recordEvent(
      gateway.store,
      makeEvent(trialCompleted, { source: '/x', id: name, subject: name, data: data as never }),
    );
  }
  await post('/trials', requestOf('s-4', { experiment })).expect(202);
  const { body: view } = await gateway.http.get(`/searches/${experiment}`).expect(200);
  assert.deepEqual([view.trials, view.completed, view.best.trial, view.best.objective.value], [4, 3, 's-2', 0.9]);
  const events = await gateway.http.get(`/searches/${experiment}/events`).set('accept', 'application/json').expect(200);
  assert.equal(events.body.length, 8);
  await gateway.http.get('/searches/nobody').expect(404);
  await gateway.http.get('/searches/nobody/events').expect(404);
});
