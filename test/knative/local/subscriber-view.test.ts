import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { EVENT_HEADERS, REPLY_HEADERS, Subscriber, send, startRig } from './support.ts';

const STRUCTURED = { 'content-type': 'application/cloudevents+json; charset=UTF-8' };
const EVENT = { specversion: '1.0', id: '1', source: '/test', type: 'model.trained' };

async function view(headers: Record<string, string>, body: string, format?: 'json') {
  await using subscriber = await Subscriber.start({ status: 204 });
  await using rig = await startRig({
    triggers: [{ subscriber: subscriber.url, ...(format ? { delivery: { format } } : {}) }],
  });
  assert.equal((await send(rig.url, headers, body)).status, 202);
  const [seen] = subscriber.seen;
  assert.ok(seen);
  return seen;
}

describe('what the subscriber sees', { concurrency: true }, () => {
  test('a binary event: exactly the recorded headers', async () => {
    const seen = await view(
      {
        ...EVENT_HEADERS,
        'ce-subject': 'exp-1',
        'ce-myint': '5',
        'content-type': 'application/json',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
        'X-Request-Id': 'rid',
        'Knative-Foo': 'kf',
        'X-Other': 'x',
        Authorization: 'Bearer secret',
      },
      '{"a": 1}',
    );
    assert.equal(seen.method, 'POST');
    assert.equal(seen.url, '/fn');
    assert.equal(seen.body.toString(), '{"a": 1}');
    assert.deepEqual(seen.names.toSorted(), [
      'accept-encoding',
      'ce-id',
      'ce-knativearrivaltime',
      'ce-myint',
      'ce-source',
      'ce-specversion',
      'ce-subject',
      'ce-type',
      'content-length',
      'content-type',
      'host',
      'kn-namespace',
      'knative-foo',
      'prefer',
      'user-agent',
      'x-request-id',
    ]);
    const { host: _, 'ce-knativearrivaltime': arrival, ...headers } = seen.headers;
    assert.match(String(arrival), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{0,8}[1-9])?Z$/);
    assert.ok(Math.abs(Date.parse(String(arrival)) - Date.now()) < 10_000);
    assert.deepEqual(headers, {
      'accept-encoding': 'gzip',
      'ce-id': '1',
      'ce-myint': '5',
      'ce-source': '/test',
      'ce-specversion': '1.0',
      'ce-subject': 'exp-1',
      'ce-type': 'model.trained',
      'content-length': '8',
      'content-type': 'application/json',
      'kn-namespace': 'ns',
      'knative-foo': 'kf',
      prefer: 'reply',
      'user-agent': 'Go-http-client/1.1',
      'x-request-id': 'rid',
    });
  });

  test('a structured event comes in binary mode; without datacontenttype it has no Content-Type; true becomes "true"', async () => {
    const seen = await view(STRUCTURED, JSON.stringify({ ...EVENT, myint: 5, mybool: true, data: { a: 1 } }));
    assert.equal(seen.headers['content-type'], undefined);
    assert.equal(seen.headers['ce-mybool'], 'true');
    assert.equal(seen.headers['ce-myint'], '5');
    assert.equal(seen.body.toString(), '{"a":1}');
  });

  test('a structured event with datacontenttype has it as Content-Type', async () => {
    const seen = await view(
      STRUCTURED,
      JSON.stringify({ ...EVENT, datacontenttype: 'application/json', data: { a: 1 } }),
    );
    assert.equal(seen.headers['content-type'], 'application/json');
  });

  test('structured data_base64 comes decoded, without Content-Type', async () => {
    const seen = await view(
      STRUCTURED,
      JSON.stringify({ ...EVENT, data_base64: Buffer.from([0, 255, 7]).toString('base64') }),
    );
    assert.deepEqual(seen.body, Buffer.from([0, 255, 7]));
    assert.equal(seen.headers['content-type'], undefined);
  });

  test('data and numbers in it keep every digit and blank', async () => {
    const seen = await view(
      STRUCTURED,
      `{"data": {"n": 12345678901234567890, "f": 1.0},${JSON.stringify(EVENT).slice(1)}`,
    );
    assert.equal(seen.body.toString(), '{"n": 12345678901234567890, "f": 1.0}');
  });

  test('delivery.format json: structured, integers as strings', async () => {
    const seen = await view(
      { ...EVENT_HEADERS, 'ce-myint': '5', 'content-type': 'application/json' },
      '{"a":1}',
      'json',
    );
    assert.equal(seen.headers['content-type'], 'application/cloudevents+json');
    assert.equal(seen.headers['ce-id'], undefined);
    assert.equal(seen.headers.prefer, 'reply');
    const { knativearrivaltime, ...event } = JSON.parse(seen.body.toString());
    assert.ok(knativearrivaltime);
    assert.deepEqual(event, { ...EVENT, myint: '5', datacontenttype: 'application/json', data: { a: 1 } });
  });

  test('x-b3, knative- and retry-after headers are handed on', async () => {
    const seen = await view({ ...EVENT_HEADERS, 'x-b3-traceid': 'a', 'retry-after': '3' }, '');
    assert.equal(seen.headers['x-b3-traceid'], 'a');
    assert.equal(seen.headers['retry-after'], '3');
  });

  test('specversion 0.3 and the traceparent extension stay as they are', async () => {
    const seen = await view(
      { ...EVENT_HEADERS, 'ce-specversion': '0.3', 'ce-traceparent': 'tp', 'ce-time': '2026-01-02T03:04:05.600+01:00' },
      '',
    );
    assert.equal(seen.headers['ce-specversion'], '0.3');
    assert.equal(seen.headers['ce-traceparent'], 'tp');
    assert.equal(seen.headers['ce-time'], '2026-01-02T03:04:05.600+01:00', 'deviation verbatim-time');
  });
});

describe('what the dead letter sink sees', { concurrency: true }, () => {
  async function dead(status: number, answer: string | Buffer, sent: Record<string, string> = EVENT_HEADERS) {
    await using subscriber = await Subscriber.start({ status, body: answer });
    await using sink = await Subscriber.start({ status: 200, headers: REPLY_HEADERS });
    await using other = await Subscriber.start({ status: 204 });
    await using rig = await startRig({
      triggers: [
        { type: 'model.trained', subscriber: subscriber.url, delivery: { deadLetterSink: sink.url } },
        { type: 'reply.made', subscriber: other.url },
      ],
    });
    await send(rig.url, sent, 'the data');
    const [seen] = sink.seen;
    assert.ok(seen);
    return { seen, url: subscriber.url, repliesRouted: other.seen.length };
  }

  test('422 "nope": the event with its hops, the code, the base64 of the answer and where it was sent; no Prefer', async () => {
    const { seen, url, repliesRouted } = await dead(422, 'nope');
    assert.equal(seen.headers['ce-knativeerrorcode'], '422');
    assert.equal(seen.headers['ce-knativeerrordata'], 'bm9wZQ==');
    assert.equal(seen.headers['ce-knativeerrordest'], url);
    assert.equal(seen.headers['ce-knativebrokerttl'], '255');
    assert.equal(seen.headers['ce-id'], '1');
    assert.equal(seen.headers.prefer, undefined);
    assert.equal(seen.body.toString(), 'the data');
    assert.equal(repliesRouted, 0, 'a reply of the sink is ignored');
  });

  test('a huge answer is cut to 1024 characters of base64', async () => {
    const { seen } = await dead(400, Buffer.alloc(20_000_000, 'x'));
    assert.equal(seen.headers['ce-knativeerrordata']?.length, 1024);
    assert.equal(Buffer.from(String(seen.headers['ce-knativeerrordata']), 'base64').toString(), 'x'.repeat(768));
  });

  test('an empty answer gives no data, not even that of an earlier death', async () => {
    const { seen } = await dead(400, '', { ...EVENT_HEADERS, 'ce-knativeerrordata': 'b2xk' });
    assert.equal(seen.headers['ce-knativeerrordata'], undefined);
  });

  test('after a 2xx that is no event the data says what came (deviation bad-gateway-data)', async () => {
    const { seen } = await dead(200, 'OK');
    assert.equal(seen.headers['ce-knativeerrorcode'], '502');
    assert.equal(seen.headers['ce-knativeerrordata'], Buffer.from('OK').toString('base64'));
  });
});
