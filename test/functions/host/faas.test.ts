import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { CloudEvent } from 'cloudevents';
import { derivedId, makeEvent } from '../../../events/define.ts';
import { type Envelope, writeBinary, writeStructured } from '../../../events/envelope.ts';
import { toEnvelope } from '../../../events/read.ts';
import { experimentFailed, experimentRequested } from '../../../events/registry.ts';
import { toFaas } from '../../../functions/host/faas.ts';
import { type Faas, failFaas, startFaas } from '../../support/faas.ts';
import { makeMemoryStore } from '../../support/memory-store.ts';
import { startSink } from '../../support/sink.ts';

const FUNCTIONS = fileURLToPath(new URL('../../../functions', import.meta.url));
const FIXTURE = 'test/support/fixtures/faas.ts';

/** An event that makes the fixture do what `name` says. */
function requestOf(name: string, id = name) {
  return makeEvent(experimentRequested, {
    source: '/test',
    id,
    subject: 'x',
    data: { ...experimentRequested.example, name },
  });
}

function post(url: string, envelope: Envelope, structured = false): Promise<Response> {
  const { headers, body } = structured ? writeStructured(envelope) : writeBinary(envelope);
  return fetch(url, { method: 'POST', headers, body: new Uint8Array(body) });
}

async function summaryOf(response: Response): Promise<string> {
  return `${response.status} ${response.headers.get('ce-type') ?? ''} ${await response.text()}`.trimEnd();
}

describe('a function in faas-js-runtime, with K_SINK', () => {
  for (const structured of [false, true]) {
    test(`emits all events before an empty 204 (${structured ? 'structured' : 'binary'})`, async () => {
      await using sink = await startSink();
      await using faas = await startFaas(FIXTURE, {
        EMITS_MANY: 'yes',
        K_SINK: sink.url,
        K_CE_OVERRIDES: '{"extensions":{"team":"blue"}}',
      });
      const response = await post(faas.url, toEnvelope(requestOf('two')), structured);
      assert.equal(await summaryOf(response), '204');
      assert.deepEqual(
        sink.received.map(({ attributes, body }) => [attributes.team, JSON.parse(String(body)).reason]),
        [
          ['blue', 'one'],
          ['blue', 'two'],
        ],
      );
    });
  }

  test('answers 503 when the sink refuses, and what can never work becomes experiment.failed', async () => {
    await using sink = await startSink();
    await using faas = await startFaas(FIXTURE, { K_SINK: sink.url });
    sink.statuses.push(500);
    assert.match(await summaryOf(await post(faas.url, toEnvelope(requestOf('one')))), /^503 .*SINK_UNAVAILABLE/);
    assert.equal(await summaryOf(await post(faas.url, toEnvelope(requestOf('rejected')))), '204');
    assert.equal(sink.received[0]?.attributes.id, derivedId(requestOf('rejected'), experimentFailed));
  });

  test('does not start without it where it emits several, and says why', async () => {
    const { code, said } = await failFaas(FIXTURE, { EMITS_MANY: 'yes', XORFLOW_STORE: 'embedded:/tmp/unused' });
    assert.equal(code, 1);
    assert.match(said, /Missing K_SINK: faas emits several events/);
  });
});

describe('a function in faas-js-runtime, without K_SINK', () => {
  let faas: Faas;
  before(async () => {
    faas = await startFaas(FIXTURE);
  });
  after(() => faas[Symbol.asyncDispose]());
  const answerTo = async (name: string) => summaryOf(await post(faas.url, toEnvelope(requestOf(name))));

  test('gives its one event back as the reply', async () => {
    const response = await post(faas.url, toEnvelope(requestOf('one')));
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('ce-id'), derivedId(requestOf('one'), experimentFailed, 'one'));
    assert.equal(response.headers.get('content-type'), 'application/json');
    assert.deepEqual(await response.json(), { ...experimentFailed.example, reason: 'one' });
  });

  test('answers as the HTTP server does: nothing, later, our fault, a type of no interest', async () => {
    assert.equal(await answerTo('nothing'), '204');
    assert.equal(await answerTo('transient'), '503  {"code":"STORE_UNAVAILABLE","message":"away"}');
    assert.equal(await answerTo('fault'), '500');
    const { attributes } = toEnvelope(requestOf('one'));
    assert.equal(
      await summaryOf(await post(faas.url, { attributes: { ...attributes, type: 'other' }, body: Buffer.from('{}') })),
      '204',
    );
  });

  test('an event whose twin is being handled gets 409; one that comes later has the same reply', async () => {
    const first = post(faas.url, toEnvelope(requestOf('slow')));
    while (!faas.said().includes('handled slow')) await sleep(5);
    assert.equal(await summaryOf(await post(faas.url, toEnvelope(requestOf('slow')))), '409');
    const again = first.then(() => post(faas.url, toEnvelope(requestOf('slow'))));
    assert.equal((await first).headers.get('ce-id'), (await again).headers.get('ce-id'));
  });

  const attributes = { specversion: '1.0', id: '1', source: '/s', type: 'experiment.requested' };
  const without = (absent: string) =>
    Object.fromEntries(
      Object.entries(attributes)
        .filter(([name]) => name !== absent)
        .map(([name, value]) => [`ce-${name}`, value]),
    );
  const json = { 'content-type': 'application/json' };
  const cloudevents = { 'content-type': 'application/cloudevents+json' };
  // 400 is ours. What the runtime finds first, it answers itself: with 500, which a Trigger tries again, and a body.
  const refused: readonly [string, Record<string, string>, string, number][] = [
    ['no id, which its SDK would invent', { ...json, ...without('id') }, '{}', 400],
    ['no specversion, which its SDK would invent', { ...json, ...without('specversion') }, '{}', 400],
    ['specversion 2.0', { ...json, ...without(''), 'ce-specversion': '2.0' }, '{}', 400],
    ['structured without an id', cloudevents, JSON.stringify({ ...attributes, id: undefined }), 400],
    ['structured, cut off', cloudevents, '{"id":', 400],
    ['no CloudEvent', json, '{}', 400],
    ['data that are no JSON (refused by the runtime)', { ...json, ...without('') }, '{', 400],
    ['no source (refused by the runtime)', { ...json, ...without('source') }, '{}', 500],
    ['no type (refused by the runtime)', { ...json, ...without('type') }, '{}', 500],
    ['a batch (refused by the runtime)', { 'content-type': 'application/cloudevents-batch+json' }, '[]', 500],
    ['two megabytes (refused by the runtime)', { ...json, ...without('') }, 'x'.repeat(2 * 1024 * 1024), 413],
  ];
  for (const [what, headers, body, status] of refused) {
    test(`${what}: ${status}, and no handler runs`, async () => {
      const said = faas.said().length;
      const response = await fetch(faas.url, { method: 'POST', headers, body });
      assert.equal(response.status, status);
      const text = await response.text();
      if (!what.includes('by the runtime')) assert.equal(text, '');
      assert.ok(!faas.said().slice(said).includes('handled'));
    });
  }

  test('takes what its SDK refuses: a charset at the content type, bodies without a content type', async () => {
    const { headers, body } = writeStructured(toEnvelope(requestOf('one', 'charset')));
    const charset = { ...headers, 'content-type': 'application/cloudevents+json; charset=UTF-8' };
    assert.equal((await fetch(faas.url, { method: 'POST', headers: charset, body: new Uint8Array(body) })).status, 200);
    const plain = writeBinary(toEnvelope(requestOf('one', 'plain')));
    delete plain.headers['content-type'];
    assert.equal(
      (await fetch(faas.url, { method: 'POST', headers: plain.headers, body: new Uint8Array(plain.body) })).status,
      200,
    );
  });

  test('is probed, answers 405 to another method, and a query in the place of its headers harms nothing', async () => {
    for (const path of ['/health/liveness', '/health/readiness']) {
      const response = await fetch(faas.url + path);
      assert.equal(`${response.status}${await response.text()}`, '200', path);
    }
    const get = await fetch(faas.url);
    assert.equal(`${get.status} ${get.headers.get('allow')}${await get.text()}`, '405 POST');
    const odd = await post(`${faas.url}/?headers=x&body=y&method=POST`, toEnvelope(requestOf('one', 'odd')));
    assert.ok(odd.status === 200 || odd.status === 400, String(odd.status));
  });
});

test('with FUNC_INCLUDE_RAW it reads the very bytes that came', async () => {
  await using faas = await startFaas(FIXTURE, { FUNC_INCLUDE_RAW: 'true' });
  const twice = Buffer.from('{"name":"one","name":"nothing"}');
  assert.equal((await post(faas.url, { ...toEnvelope(requestOf('one')), body: twice })).status, 204);
});

test('on SIGTERM the request in flight is answered, then the process ends with 0', async () => {
  await using faas = await startFaas(FIXTURE);
  const first = post(faas.url, toEnvelope(requestOf('slow')));
  while (!faas.said().includes('handled slow')) await sleep(5);
  const ended = faas.end();
  assert.equal((await first).status, 200);
  assert.equal(await ended, 0);
});

test('listens where FUNC_PORT says, as the runtime ignores PORT', async () => {
  await using faas = await startFaas(FIXTURE, { PORT: '1' });
  assert.notEqual(new URL(faas.url).port, '1');
});

test('called without a request, as in a unit test of func, it takes the event of any SDK', async () => {
  const { definition } = await import('../../support/fixtures/faas.ts');
  const store = makeMemoryStore();
  const faas = toFaas(definition, { XORFLOW_STORE: 'embedded:unused', LOG_LEVEL: 'silent' }, { store });
  const event = requestOf('one');
  assert.equal((await faas.handle({}, event))?.statusCode, 503);
  await faas.init();
  assert.equal((await faas.handle({}, new CloudEvent({ ...event.toJSON() })))?.statusCode, 200);
  assert.equal((await faas.handle({}))?.statusCode, 400);
  await faas.shutdown();
});

describe('every Knative Function', () => {
  const names = readdirSync(FUNCTIONS).filter((name) => existsSync(join(FUNCTIONS, name, 'func.yaml')));

  test('has its func.yaml; the gateway, which is an HTTP service with routes of its own, has none, nor has runs, which a component adds', () => {
    const functions = readdirSync(FUNCTIONS).filter((name) => existsSync(join(FUNCTIONS, name, 'index.ts')));
    assert.deepEqual(names.concat('gateway', 'runs').sort(), functions.sort());
  });

  for (const name of names) {
    test(`${name} gets ready in faas-js-runtime, acknowledges what it does not know, and ends with 0`, async () => {
      await using faas = await startFaas(`functions/${name}/faas.ts`, { K_SINK: 'http://127.0.0.1:9/' });
      assert.equal((await fetch(`${faas.url}/health/readiness`)).status, 200);
      const { attributes } = toEnvelope(requestOf('one'));
      const unknown = { attributes: { ...attributes, type: 'unknown' }, body: Buffer.from('{}') };
      assert.equal(await summaryOf(await post(faas.url, unknown)), '204');
      assert.equal(await faas.end(), 0);
    });
  }
});
