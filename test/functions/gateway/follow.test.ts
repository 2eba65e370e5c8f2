import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import type { Response } from 'express';
import express from 'express';
import type { KnownEvent } from '../../../events/registry.ts';
import { isTerminal, recordEvent } from '../../../functions/gateway/record.ts';
import { streamEvents } from '../../../functions/gateway/stream.ts';
import { LOG, type Store } from '../../../functions/store/port.ts';
import { makeMemoryStore } from '../../support/memory-store.ts';
import { addLines, chainOf, type Gateway, recordAll, startGateway } from './harness.ts';

let gateway: Gateway;
let chain: KnownEvent[];
/** How many follow a log right now. */
let followers = 0;

function counted(store: Store): Store {
  const follow: Store['logs']['follow'] = async function* (...call) {
    followers++;
    try {
      yield* store.logs.follow(...call);
    } finally {
      followers--;
    }
  };
  return { ...store, logs: { ...store.logs, follow } };
}

beforeEach(async () => {
  gateway = await startGateway({}, counted(makeMemoryStore()));
  chain = await chainOf(gateway.store, 'xor-1');
});

afterEach(async () => {
  await gateway[Symbol.asyncDispose]();
  await until(() => followers === 0, 'all followers gone');
});

async function until(isSo: () => boolean, what: string): Promise<void> {
  for (let tries = 0; !isSo(); tries++) {
    assert.ok(tries < 2_000, `never: ${what}`);
    await wait(5);
  }
}

interface Message {
  id?: string;
  event?: string;
  data?: string;
}

/** A client of a stream: what came of it so far. */
function open(path: string, headers: Record<string, string> = {}) {
  const leaving = new AbortController();
  const stream = { status: 0, text: '', isOver: false, leave: () => leaving.abort() };
  const reading = (async () => {
    const response = await fetch(gateway.url + path, { headers, signal: leaving.signal });
    stream.status = response.status;
    for await (const chunk of response.body ?? []) stream.text += Buffer.from(chunk).toString();
    stream.isOver = true;
  })().catch(() => undefined);
  return Object.assign(stream, { done: reading });
}

function messagesOf(text: string): Message[] {
  return text
    .split('\n\n')
    .map((block) => {
      const lines = block.split('\n').filter((line) => /^(id|event|data): /.test(line));
      return Object.fromEntries(lines.map((line) => line.split(/: (.*)/s).slice(0, 2))) as Message;
    })
    .filter(({ event }) => event !== undefined);
}

const EVENTS = '/experiments/xor-1/events';
const LOGS = '/experiments/xor-1/logs';

test('the events of a finished experiment come in order, then event: end, and the stream closes', async () => {
  await recordAll(gateway.store, chain);
  const stream = open(EVENTS);
  await stream.done;
  const messages = messagesOf(stream.text);
  assert.deepEqual(
    messages.map(({ event }) => event),
    [...chain.map(({ type }) => type), 'end'],
  );
  assert.deepEqual(
    messages.slice(0, -1).map(({ id }) => id),
    chain.map((_event, index) => String(index + 1)),
  );
  assert.deepEqual(JSON.parse(messages[1]?.data ?? '').data, chain[1]?.data);
  assert.deepEqual(messages.at(-1), { event: 'end', data: '{"status":"completed"}' });
});

test('a running experiment is followed: each event as it is recorded, to every client', async () => {
  const [request, ...rest] = chain;
  await recordAll(gateway.store, request ? [request] : []);
  const clients = [open(EVENTS), open(EVENTS)];
  for (const client of clients) await until(() => messagesOf(client.text).length === 1, 'the first event');
  for (const [index, event] of rest.entries()) {
    await recordEvent(gateway.store, event);
    for (const client of clients) await until(() => messagesOf(client.text).length >= index + 2, event.type);
  }
  for (const client of clients) {
    await client.done;
    assert.equal(client.isOver, true);
    assert.equal(messagesOf(client.text).length, chain.length + 1);
  }
});

test('Last-Event-ID resumes after that event, and so does ?after, which wins', async () => {
  await recordAll(gateway.store, chain);
  const types = async (path: string, headers: Record<string, string>) => {
    const stream = open(path, headers);
    await stream.done;
    return messagesOf(stream.text).map(({ id }) => id);
  };
  const all = chain.map((_event, index) => String(index + 1));
  assert.deepEqual(await types(EVENTS, { 'last-event-id': '3' }), [...all.slice(3), undefined]);
  assert.deepEqual(await types(`${EVENTS}?after=5`, { 'last-event-id': '3' }), [...all.slice(5), undefined]);
});

test('who resumes after the end gets 204, at which an EventSource stops reconnecting', async () => {
  await recordAll(gateway.store, chain);
  const stream = open(EVENTS, { 'last-event-id': String(chain.length) });
  await stream.done;
  assert.equal(stream.status, 204);
  assert.equal(stream.text, '');
});

test('an event that came after the end is sent too, and the stream still closes', async () => {
  const late = chain.splice(2, 1);
  await recordAll(gateway.store, [...chain, ...late]);
  const whole = open(EVENTS);
  await whole.done;
  assert.equal(messagesOf(whole.text).length, chain.length + 2);
  const resumed = open(EVENTS, { 'last-event-id': String(chain.length) });
  await resumed.done;
  assert.deepEqual(
    messagesOf(resumed.text).map(({ event }) => event),
    ['samples.plotted', 'end'],
  );
});

test('a failed experiment ends the stream with its status', async () => {
  const [request] = chain;
  await recordAll(gateway.store, request ? [request] : []);
  const stream = open(EVENTS);
  await until(() => messagesOf(stream.text).length === 1, 'the request');
  const dead = {
    'ce-specversion': '1.0',
    'ce-id': '1',
    'ce-source': '/s',
    'ce-type': 'dataset.generated',
    'ce-subject': 'xor-1',
    'ce-knativeerrorcode': '500',
    'ce-knativeerrordest': 'http://train.default.svc',
    'content-type': 'application/json',
  };
  await gateway.http.post('/').set(dead).send('{}').expect(204);
  await stream.done;
  assert.deepEqual(messagesOf(stream.text).at(-1), { event: 'end', data: '{"status":"failed"}' });
});

test('a client that leaves is not followed for any longer', async () => {
  await recordAll(gateway.store, chain.slice(0, 2));
  const clients = [open(EVENTS), open(EVENTS), open(LOGS)];
  await until(() => followers === 4, 'two events, one lines with its watch');
  for (const client of clients) client.leave();
  await until(() => followers === 0, 'no followers');
});

test('a shutdown ends every stream', async () => {
  await recordAll(gateway.store, chain.slice(0, 2));
  const clients = [open(EVENTS), open(LOGS)];
  await until(() => followers === 3, 'streams');
  await gateway[Symbol.asyncDispose]();
  for (const client of clients) await client.done;
  assert.equal(followers, 0);
});

test('a silent stream shows that it lives', async () => {
  await recordAll(gateway.store, chain.slice(0, 1));
  const { store } = gateway;
  const app = express();
  const draining = new AbortController().signal;
  const followed = { log: LOG.events('xor-1'), isLast: isTerminal };
  app.get('/', (_request, response: Response) => streamEvents(followed, 0, response, { store, draining }, 10));
  const server = app.listen(0);
  const { port } = server.address() as { port: number };
  const response = await fetch(`http://127.0.0.1:${port}/`);
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (text.includes(': still here')) break;
  }
  server.closeAllConnections();
  server.close();
  assert.match(text, /: still here\n\n/);
});

for (const accept of ['application/json', 'text/html,application/xhtml+xml,*/*;q=0.8']) {
  test(`who accepts ${accept} gets an array of what is there now`, async () => {
    await recordAll(gateway.store, chain.slice(0, 3));
    const { body } = await gateway.http.get(`${EVENTS}?after=1`).set('accept', accept).expect(200);
    assert.deepEqual(
      body.map(({ type }: { type: string }) => type),
      ['dataset.generated', 'samples.plotted'],
    );
  });
}

test('HEAD on a stream returns at once', async () => {
  await recordAll(gateway.store, chain.slice(0, 1));
  await gateway.http.head(EVENTS).expect(200);
  await gateway.http.head(LOGS).expect(200);
});

for (const id of ['x', '-1', '1.5', '9'.repeat(20)]) {
  test(`Last-Event-ID ${id} is refused`, async () => {
    await recordAll(gateway.store, chain.slice(0, 1));
    const { body } = await gateway.http.get(EVENTS).set('last-event-id', id).expect(400);
    assert.match(body.detail, /at last-event-id: expected the id of an event/);
  });
}

test('metric lines are followed until the experiment is over, the last ones included', async () => {
  await recordAll(gateway.store, chain.slice(0, -1));
  await addLines(gateway.store, 'xor-1', ['epoch=1', 'epoch=2']);
  const stream = open(LOGS);
  await until(() => stream.text === 'epoch=1\nepoch=2\n', 'the first lines');
  await addLines(gateway.store, 'xor-1', ['epoch=3']);
  await recordAll(gateway.store, chain.slice(-1));
  await stream.done;
  assert.equal(stream.text, 'epoch=1\nepoch=2\nepoch=3\n');
});

test('metric lines of a finished experiment come at once, after as many as have been read', async () => {
  await recordAll(gateway.store, chain);
  await addLines(gateway.store, 'xor-1', ['epoch=1', 'epoch=2']);
  const { text } = await gateway.http.get(`${LOGS}?after=1`).expect(200);
  assert.equal(text, 'epoch=2\n');
});

test('follow=false gives the lines that are there now', async () => {
  await recordAll(gateway.store, chain.slice(0, 2));
  await addLines(gateway.store, 'xor-1', ['epoch=1']);
  const { text, headers } = await gateway.http.get(`${LOGS}?follow=false`).expect(200);
  assert.equal(text, 'epoch=1\n');
  assert.equal(headers['content-type'], 'text/plain; charset=utf-8');
});
