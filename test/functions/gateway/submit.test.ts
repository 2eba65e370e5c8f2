import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { experimentIdOf } from '../../../events/ids.ts';
import { specSchema } from '../../../events/spec.ts';
import { PROBLEM_TYPE } from '../../../functions/gateway/problem.ts';
import { LOG } from '../../../functions/store/port.ts';
import { type Gateway, startGateway } from './harness.ts';

let gateway: Gateway;
before(async () => {
  gateway = await startGateway();
});
after(() => gateway[Symbol.asyncDispose]());

const JSON_TYPE = 'application/json';
const post = (body: string | Buffer, headers: Record<string, string> = {}) =>
  gateway.http
    .post('/experiments')
    .set({ 'content-type': JSON_TYPE, ...headers })
    .serialize((data) => data)
    .send(body);

const binary = (overrides: Record<string, string> = {}) => ({
  'ce-specversion': '1.0',
  'ce-id': 'r-1',
  'ce-source': '/my/shell',
  'ce-type': 'experiment.requested',
  ...overrides,
});

test('a spec is answered with 202, the id, and links that work at once', async () => {
  const response = await post('{"name":"mine","dataset":{"dims":3}}').expect(202);
  const { id, links } = response.body;
  assert.deepEqual(links, {
    self: `/experiments/${id}`,
    events: `/experiments/${id}/events`,
    logs: `/experiments/${id}/logs`,
  });
  assert.equal(response.headers.location, links.self);
  const { body } = await gateway.http.get(links.self).expect(200);
  assert.equal(body.name, 'mine');
  assert.equal(body.status, 'requested');
  assert.equal(body.spec.dataset.dims, 3);
});

test('the broker gets one experiment.requested, with every default filled in', async () => {
  gateway.sent.length = 0;
  const { body } = await post('{}').expect(202);
  const [envelope, ...others] = gateway.sent;
  assert.equal(others.length, 0);
  assert.equal(envelope?.attributes.type, 'experiment.requested');
  assert.equal(envelope?.attributes.source, '/xorflow/gateway');
  assert.equal(envelope?.attributes.subject, body.id);
  assert.deepEqual(JSON.parse(envelope?.body.toString() ?? ''), specSchema.parse({}));
});

test('the same spec twice is two experiments', async () => {
  const [first, second] = [await post('{}').expect(202), await post('{}').expect(202)];
  assert.notEqual(first.body.id, second.body.id);
});

test('the same Idempotency-Key is the same experiment, also of two clients at once', async () => {
  const key = { 'idempotency-key': 'abc' };
  const responses = await Promise.all([post('{}', key), post('{}', key), post('{"name":"xor"}', key)]);
  assert.deepEqual(
    responses.map(({ status }) => status),
    [202, 202, 202],
  );
  const [id, ...ids] = responses.map(({ body }) => body.id);
  assert.ok(ids.every((other) => other === id));
  const list = await gateway.store.logs.read(LOG.experiments);
  assert.equal(list.filter((entry) => entry.key === id).length, 1);
  assert.notEqual((await post('{}', { 'idempotency-key': 'abd' })).body.id, id);
});

test('the same Idempotency-Key with another spec is refused', async () => {
  const key = { 'idempotency-key': 'once' };
  await post('{}', key).expect(202);
  const { body } = await post('{"name":"other"}', key).expect(422);
  assert.match(body.detail, /was asked for with another spec/);
});

test('an experiment.requested in binary mode goes on as it is, with its id as the subject', async () => {
  gateway.sent.length = 0;
  const response = await post('{"name":"evented"}', binary()).expect(202);
  const id = experimentIdOf({ source: '/my/shell', id: 'r-1' });
  assert.equal(response.body.id, id);
  assert.equal(gateway.sent[0]?.attributes.subject, id);
  assert.equal(gateway.sent[0]?.attributes.id, 'r-1');
  assert.equal(gateway.sent[0]?.body.toString(), '{"name":"evented"}');
});

test('an experiment.requested in structured mode, with any charset, keeps its own subject', async () => {
  const event = {
    specversion: '1.0',
    id: 's',
    source: '/s',
    type: 'experiment.requested',
    subject: 'my-own',
    data: {},
  };
  const type = { 'content-type': 'application/cloudevents+json; charset=UTF-8' };
  assert.equal((await post(JSON.stringify(event), type).expect(202)).body.id, 'my-own');
  assert.equal((await post(JSON.stringify(event), type).expect(202)).body.id, 'my-own');
  const { body } = await post(JSON.stringify({ ...event, id: 'another' }), type).expect(409);
  assert.match(body.detail, /Experiment "my-own" exists/);
});

test('a zipped spec is read', async () => {
  await post(gzipSync('{"name":"zipped"}'), { 'content-encoding': 'gzip' }).expect(202);
});

const refused: [string, number, RegExp, string | Buffer, Record<string, string>?][] = [
  ['an empty body', 400, /Empty body: expected a JSON object/, ''],
  ['no JSON', 400, /The body is no JSON: Unexpected token/, 'hello'],
  ['JSON that is cut off', 400, /The body is no JSON/, '{"name":"x'],
  ['JSON with something after it', 400, /The body is no JSON/, '{} {}'],
  ['bytes that are no text', 400, /expected JSON in UTF-8/, Buffer.from([0x7b, 0xff, 0xfe])],
  ['JSON 10,000 deep', 400, /at most 100 levels/, `${'['.repeat(10_000)}${']'.repeat(10_000)}`],
  ['JSON 400,000 deep in a field', 400, /at most 100 levels/, `{"name":${'['.repeat(400_000)}${']'.repeat(400_000)}}`],
  ['a body over 1 MiB', 413, /expected at most 1048576 bytes/, `{"name":"${'x'.repeat(1024 * 1024)}"}`],
  ['a bomb of zeros', 413, /at most 1048576/, gzipSync(Buffer.alloc(20_000_000)), { 'content-encoding': 'gzip' }],
  ['a broken zip', 400, /cannot be read/, '{}', { 'content-encoding': 'gzip' }],
  ['an unknown encoding', 415, /"zip" at content-encoding/, '{}', { 'content-encoding': 'zip' }],
  ['a form', 415, /expected application\/json/, 'name=x', { 'content-type': 'application/x-www-form-urlencoded' }],
  ['plain text', 415, /"text\/plain" at content-type/, '{}', { 'content-type': 'text/plain' }],
  ['another charset', 415, /UTF-8/, '{}', { 'content-type': 'application/json; charset=latin1' }],
  ['a number', 422, /Wrong value 5: expected/, '5'],
  ['null', 422, /Wrong value null: expected/, 'null'],
  ['an array', 422, /Wrong value \[\]: expected/, '[]'],
  ['a misspelt field', 422, /"datset"; did you mean dataset\?/, '{"datset":{}}'],
  ['a misspelt inner field', 422, /"epoch" at training; did you mean epochs\?/, '{"training":{"epoch":1}}'],
  ['one dimension', 422, /Wrong value 1 at dataset.dims: expected an integer from 2 to 64/, '{"dataset":{"dims":1}}'],
  ['no models', 422, /models: expected 1 to 100 models/, '{"models":[]}'],
  ['a model without widths', 422, /Missing value at models.0.hidden/, '{"models":[{"name":"a"}]}'],
  ['markup in a name', 422, /at name: expected/, '{"name":"<script>"}'],
  [
    'more points than memory',
    422,
    /needs about .* GiB of memory, expected at most/,
    '{"dataset":{"dims":64,"trainSize":100000000,"validationSize":100000000,"testSize":100000000}}',
  ],
  ['a polluted prototype', 422, /Unknown field "__proto__"/, '{"__proto__":{"x":1}}'],
  ['an endless Idempotency-Key', 400, /at idempotency-key/, '{}', { 'idempotency-key': 'k'.repeat(256) }],
  ['an event of another type', 422, /at type: expected "experiment.requested"/, '{}', binary({ 'ce-type': 'x' })],
  ['an event without an id', 400, /Missing id at ce-id/, '{}', binary({ 'ce-id': '' })],
  ['an event of the future', 400, /specversion/, '{}', binary({ 'ce-specversion': '2.0' })],
  ['an event with a wrong spec', 422, /dataset.dims/, '{"dataset":{"dims":0}}', binary({ 'ce-id': 'w' })],
  ['an event with no data', 400, /Empty body/, '', binary({ 'ce-id': 'e' })],
  ['an event with deep data', 400, /100 levels/, `${'['.repeat(9_000)}${']'.repeat(9_000)}`, binary({ 'ce-id': 'd' })],
  ['a subject that is no id', 422, /"a\/b" at subject: expected 1 to 63/, '{}', binary({ 'ce-subject': 'a/b' })],
  ['a batch', 400, /no batch/, '[]', { 'content-type': 'application/cloudevents-batch+json' }],
  [
    'a structured event that is no JSON',
    400,
    /Malformed event/,
    '{',
    { 'content-type': 'application/cloudevents+json' },
  ],
];
for (const [what, status, detail, body, headers] of refused) {
  test(`${what} is refused with ${status} and a sentence`, async () => {
    gateway.sent.length = 0;
    const response = await post(body, headers);
    assert.equal(response.status, status, response.text);
    assert.equal(response.headers['content-type'], PROBLEM_TYPE);
    assert.equal(response.body.status, status);
    assert.match(response.body.detail, detail);
    assert.ok(response.body.detail.length < 400);
    assert.equal(gateway.sent.length, 0);
  });
}

test('no content-type at all is refused with 415', async () => {
  const response = await fetch(`${gateway.url}/experiments`, { method: 'POST', body: new Uint8Array([0x7b, 0x7d]) });
  assert.equal(response.status, 415);
  assert.match(((await response.json()) as { detail: string }).detail, /^Missing content-type/);
});

test('a broker that is away or refuses is a 503 that says so, and nothing is listed', async () => {
  const before = (await gateway.store.logs.read(LOG.experiments)).length;
  gateway.answer = 500;
  const response = await post('{}');
  gateway.answer = 202;
  assert.equal(response.status, 503);
  assert.equal(response.headers['retry-after'], '1');
  assert.match(response.body.detail, /Answer 500 of the sink/);
  assert.equal((await gateway.store.logs.read(LOG.experiments)).length, before);
});

test('on a cluster the memory of the gateway limits nobody', async () => {
  await using cluster = await startGateway({ KUBERNETES_SERVICE_HOST: '10.0.0.1' });
  await cluster.http
    .post('/experiments')
    .send({ dataset: { dims: 64, trainSize: 100_000_000 } })
    .expect(202);
});

test('a gateway without a broker says so', async () => {
  await using lonely = await startGateway({ K_SINK: '' });
  const { body } = await lonely.http.post('/experiments').send({}).expect(503);
  assert.match(body.detail, /expected its address in K_SINK/);
});

test('a client that goes in the middle of its body harms nobody', async () => {
  const { port } = new URL(gateway.url);
  await new Promise<void>((resolve) => {
    const headers = { 'content-type': JSON_TYPE, 'content-length': '100' };
    const request = httpRequest({ port, host: '127.0.0.1', method: 'POST', path: '/experiments', headers });
    request.on('error', () => resolve());
    request.write('{"name":', () => setImmediate(() => request.destroy()));
    request.on('close', resolve);
  });
  await post('{}').expect(202);
});

test('whatever JSON is posted, the answer is 202 or a problem below 500', async () => {
  const specLike = fc.record(
    {
      name: fc.oneof(fc.string(), fc.jsonValue()),
      dataset: fc.oneof(
        fc.record({ dims: fc.jsonValue(), trainSize: fc.integer() }, { requiredKeys: [] }),
        fc.jsonValue(),
      ),
      models: fc.oneof(fc.array(fc.record({ name: fc.string(), hidden: fc.array(fc.integer()) })), fc.jsonValue()),
      training: fc.oneof(fc.record({ epochs: fc.integer(), batchSize: fc.jsonValue() }), fc.jsonValue()),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.jsonValue(), specLike), async (value) => {
      const response = await post(JSON.stringify(value));
      if (response.status === 202) return;
      assert.ok(response.status >= 400 && response.status < 500, `${response.status} ${response.text}`);
      assert.equal(response.headers['content-type'], PROBLEM_TYPE);
      assert.ok(response.body.detail.length > 0);
    }),
    { numRuns: 150, seed: 42 },
  );
});

test('whatever bytes are posted as whatever event, the answer is 202 or a problem below 500', async () => {
  const headers = fc.record(
    {
      'ce-specversion': fc.constantFrom('1.0', '0.3', '', 'x'),
      'ce-id': fc.stringMatching(/^[ -~]{0,20}$/),
      'ce-type': fc.constantFrom('experiment.requested', 'x', ''),
      'ce-source': fc.stringMatching(/^[!-~]{0,20}$/),
      'ce-subject': fc.stringMatching(/^[!-~]{0,20}$/),
      'content-type': fc.constantFrom('application/json', 'application/cloudevents+json', 'text/plain'),
    },
    { requiredKeys: ['content-type'] },
  );
  await fc.assert(
    fc.asyncProperty(headers, fc.oneof(fc.constant('{}'), fc.json(), fc.string()), async (given, body) => {
      const response = await post(body, given);
      assert.ok(response.status === 202 || (response.status >= 400 && response.status < 500), `${response.status}`);
    }),
    { numRuns: 100, seed: 42 },
  );
});
