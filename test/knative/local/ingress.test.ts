import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Deviation, deviations } from '../../../knative/local/deviations.ts';
import { EVENT_HEADERS, type Rig, Subscriber, send, startRig } from './support.ts';

const STRUCTURED = { 'content-type': 'application/cloudevents+json' };
const EVENT = { specversion: '1.0', id: '1', source: '/test', type: 'model.trained' };

let rig: Rig;
let subscriber: Subscriber;
before(async () => {
  subscriber = await Subscriber.start({ status: 204 });
  rig = await startRig({ triggers: [{ subscriber: subscriber.url }] });
});
after(async () => {
  await rig[Symbol.asyncDispose]();
  await subscriber[Symbol.asyncDispose]();
});

function without(name: string, headers: Record<string, string> = EVENT_HEADERS): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
}

const structured = (changes: Record<string, unknown>) => JSON.stringify({ ...EVENT, ...changes });

interface Row {
  readonly name: string;
  readonly status: number;
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

const ROWS: readonly Row[] = [
  { name: 'a valid binary event', status: 202 },
  { name: 'a valid structured event', status: 202, headers: STRUCTURED, body: structured({}) },
  ...['; charset=utf-8', '; charset=UTF-8', ';charset=utf-8', '; Charset="UTF-8"', ' ; charset=utf8; foo=bar'].map(
    (suffix) => ({
      name: `a structured event with content type application/cloudevents+json${suffix}`,
      status: 202,
      headers: { 'content-type': `application/cloudevents+json${suffix}` },
      body: structured({}),
    }),
  ),
  {
    name: 'a structured event with a content type in capitals',
    status: 202,
    headers: { 'content-type': 'Application/CloudEvents+JSON' },
    body: structured({}),
  },
  { name: 'a path with a trailing slash', status: 202, path: '/ns/default/' },
  { name: 'specversion 0.3, binary', status: 202, headers: { ...EVENT_HEADERS, 'ce-specversion': '0.3' } },
  { name: 'specversion 0.3, structured', status: 202, headers: STRUCTURED, body: structured({ specversion: '0.3' }) },
  { name: 'specversion 2.0, binary', status: 400, headers: { ...EVENT_HEADERS, 'ce-specversion': '2.0' } },
  { name: 'specversion 2.0, structured', status: 400, headers: STRUCTURED, body: structured({ specversion: '2.0' }) },
  ...['specversion', 'id', 'source', 'type'].flatMap((attribute) => [
    { name: `a missing ${attribute}, binary`, status: 400, headers: without(`ce-${attribute}`) },
    { name: `an empty ${attribute}, binary`, status: 400, headers: { ...EVENT_HEADERS, [`ce-${attribute}`]: '' } },
    {
      name: `a missing ${attribute}, structured`,
      status: 400,
      headers: STRUCTURED,
      body: structured({ [attribute]: undefined }),
    },
  ]),
  { name: 'a bad ce-time', status: 400, headers: { ...EVENT_HEADERS, 'ce-time': 'yesterday' } },
  { name: 'no CloudEvent headers', status: 400, headers: { 'content-type': 'application/json' }, body: '{}' },
  { name: 'a structured event that is bad JSON', status: 400, headers: STRUCTURED, body: '{"specversion":' },
  {
    name: 'a batch',
    status: 400,
    headers: { 'content-type': 'application/cloudevents-batch+json' },
    body: `[${structured({})}]`,
  },
  {
    name: 'a binary event whose JSON data is malformed',
    status: 202,
    headers: { ...EVENT_HEADERS, 'content-type': 'application/json' },
    body: '{"a":',
  },
  { name: 'an empty body without a content type', status: 202 },
  {
    name: 'a body of 8 MiB',
    status: 202,
    headers: { ...EVENT_HEADERS, 'content-type': 'application/octet-stream' },
    body: Buffer.alloc(8 << 20, 'x'),
  },
  { name: 'an extension in upper case in JSON', status: 202, headers: STRUCTURED, body: structured({ MyExt: 'x' }) },
  ...['GET', 'PUT', 'HEAD', 'DELETE'].map((method) => ({
    name: `the method ${method}`,
    status: 405,
    method,
    headers: {},
  })),
  { name: 'the method OPTIONS', status: 200, method: 'OPTIONS', headers: {} },
  { name: 'an unknown broker', status: 404, path: '/ns/nope' },
  { name: 'the path /', status: 404, path: '/' },
  { name: 'a path with one segment', status: 400, path: '/ns' },
  { name: 'a path with three segments', status: 400, path: '/ns/default/more' },
  { name: 'a query string', status: 404, path: '/ns/default?x=1' },
  { name: 'ce-knativebrokerttl 1', status: 400, headers: { ...EVENT_HEADERS, 'ce-knativebrokerttl': '1' } },
  { name: 'ce-knativebrokerttl 0', status: 400, headers: { ...EVENT_HEADERS, 'ce-knativebrokerttl': '0' } },
  {
    name: 'ce-knativebrokerttl that is no integer',
    status: 202,
    headers: { ...EVENT_HEADERS, 'ce-knativebrokerttl': 'many' },
  },
];

describe('the ingress answers as the real one', () => {
  for (const { name, status, method = 'POST', path = '/ns/default', headers = EVENT_HEADERS, body = '' } of ROWS) {
    test(`${name}: ${status}`, async () => {
      const before = subscriber.seen.length;
      const answer = await send(`${rig.broker.url}${path}`, headers, body, method);
      assert.equal(answer.status, status);
      assert.equal(answer.headers.allow, 'POST, OPTIONS');
      assert.equal(answer.body.length, 0, 'the body is empty');
      await rig.broker.idle();
      assert.equal(subscriber.seen.length - before, status === 202 ? 1 : 0, 'what is not accepted is not delivered');
      if (name === 'a body of 8 MiB') assert.equal(subscriber.seen.at(-1)?.body.length, 8 << 20);
    });
    if (method === 'POST') {
      test(`${name}, without a connection: ${status}`, async () => {
        const before = subscriber.seen.length;
        const taken = rig.broker.take(`${rig.broker.url}${path}`, { headers, body: Buffer.from(body) });
        assert.equal(await taken, status);
        await rig.broker.idle();
        assert.equal(subscriber.seen.length - before, status === 202 ? 1 : 0);
      });
    }
  }

  test('what is for another address is not taken', () => {
    const message = { headers: EVENT_HEADERS, body: Buffer.alloc(0) };
    for (const url of [`${rig.broker.url}0/ns/default`, 'http://127.0.0.1/ns/default', rig.broker.url]) {
      assert.equal(rig.broker.take(url, message), undefined, url);
    }
  });

  test('OPTIONS allows every origin and rate', async () => {
    const { headers } = await send(rig.url, {}, '', 'OPTIONS');
    assert.equal(headers['webhook-allowed-origin'], '*');
    assert.equal(headers['webhook-allowed-rate'], '*');
  });

  test('a refused event is told with its reason', () => {
    const reasons = rig.named('event:refused').map(({ reason }) => reason);
    assert.ok(reasons.some((reason) => /Missing id at ce-id: expected/.test(reason)));
  });

  test('a producer that goes away in the middle of its event does no harm', async () => {
    const before = subscriber.seen.length;
    const controller = new AbortController();
    const stream = new ReadableStream({ pull: () => new Promise((resolve) => setTimeout(resolve, 10)) });
    const sent = fetch(rig.url, {
      method: 'POST',
      headers: EVENT_HEADERS,
      body: stream,
      duplex: 'half',
      signal: controller.signal,
    } as RequestInit);
    setTimeout(() => controller.abort(), 30);
    await assert.rejects(sent);
    assert.equal((await send(rig.url)).status, 202);
    assert.equal(subscriber.seen.length - before, 1);
  });
});

describe('where the local ingress deviates', () => {
  test('each deviation is told in full, once', () => {
    assert.equal(new Set(deviations.map(({ id }) => id)).size, deviations.length);
    const told: readonly Deviation[] = deviations;
    for (const { what, real, local, reason } of told) assert.ok(what && real && local && reason && real !== local);
  });

  const cases = {
    'ascii-attributes': { headers: STRUCTURED, body: structured({ subject: 'żó' }) },
    'json-depth': {
      headers: STRUCTURED,
      body: `${structured({}).slice(0, -1)},"data":${'['.repeat(2000)}${']'.repeat(2000)}}`,
    },
    'attribute-names': { headers: { ...EVENT_HEADERS, 'ce-my-ext': 'x' }, body: '' },
  };
  for (const [id, { headers, body }] of Object.entries(cases)) {
    test(`${id}: ${deviations.find((deviation) => deviation.id === id)?.what}: 400`, async () => {
      assert.ok(deviations.some((deviation) => deviation.id === id));
      assert.equal((await send(rig.url, headers, body)).status, 400);
    });
  }
});
