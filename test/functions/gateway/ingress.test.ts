import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { type Gateway, startGateway } from './harness.ts';

let gateway: Gateway;
before(async () => {
  gateway = await startGateway();
});
after(() => gateway[Symbol.asyncDispose]());

const PATH = '/default/default';
const event = {
  'ce-specversion': '1.0',
  'ce-id': '1',
  'ce-source': '/s',
  'ce-type': 'any.thing',
  'content-type': 'text/x',
};
const post = (path: string, headers: Record<string, string>, body: string | Buffer = 'data') =>
  gateway.http
    .post(path)
    .set(headers)
    .serialize((data) => data)
    .send(body);
const without = (name: string) => Object.fromEntries(Object.entries(event).filter(([key]) => key !== name));

for (const path of [PATH, `${PATH}/`]) {
  test(`any CloudEvent at ${path} goes to the broker as it is: 202 with an empty body`, async () => {
    gateway.sent.length = 0;
    const response = await post(path, event, 'opaque {data').expect(202);
    assert.equal(response.text, '');
    assert.equal(response.headers.allow, 'POST, OPTIONS');
    assert.equal(gateway.sent[0]?.attributes.type, 'any.thing');
    assert.equal(gateway.sent[0]?.body.toString(), 'opaque {data');
  });
}

test('a structured event is taken, whatever the charset', async () => {
  const body = JSON.stringify({ specversion: '1.0', id: '1', source: '/s', type: 't', data: 1 });
  await post(PATH, { 'content-type': 'application/cloudevents+json; charset=UTF-8' }, body).expect(202);
});

const rows: [string, number, string, Record<string, string>][] = [
  ['specversion 0.3', 202, PATH, { ...event, 'ce-specversion': '0.3' }],
  ['specversion 2.0', 400, PATH, { ...event, 'ce-specversion': '2.0' }],
  ['no specversion', 400, PATH, without('ce-specversion')],
  ['no id', 400, PATH, without('ce-id')],
  ['no source', 400, PATH, without('ce-source')],
  ['no type', 400, PATH, without('ce-type')],
  ['a bad time', 400, PATH, { ...event, 'ce-time': 'yesterday' }],
  ['no event at all', 400, PATH, { 'content-type': 'application/json' }],
  ['a batch', 400, PATH, { 'content-type': 'application/cloudevents-batch+json' }],
  ['no hops left', 400, PATH, { ...event, 'ce-knativebrokerttl': '1' }],
  ['hops that are no number', 202, PATH, { ...event, 'ce-knativebrokerttl': 'x' }],
  ['an unknown broker', 404, '/default/other', event],
  ['an unknown namespace', 404, '/other/default', event],
  ['a query', 404, `${PATH}?x=1`, event],
  ['one segment', 404, '/default', event],
];
for (const [what, status, path, headers] of rows) {
  test(`${what}: ${status}, as at a broker's ingress`, async () => {
    const response = await post(path, headers);
    assert.equal(response.status, status, response.text);
    if (status >= 400) assert.equal(response.headers['content-type'], 'application/problem+json');
  });
}

for (const method of ['get', 'put', 'delete', 'patch', 'head'] as const) {
  test(`${method.toUpperCase()} is 405 with Allow`, async () => {
    const response = await gateway.http[method](PATH);
    assert.equal(response.status, 405);
    assert.equal(response.headers.allow, 'POST, OPTIONS');
  });
}

test('OPTIONS is 200 and lets every webhook deliver', async () => {
  const { headers } = await gateway.http.options(PATH).expect(200);
  assert.equal(headers.allow, 'POST, OPTIONS');
  assert.equal(headers['webhook-allowed-origin'], '*');
  assert.equal(headers['webhook-allowed-rate'], '*');
  assert.equal(headers['access-control-allow-origin'], undefined);
});

test('a broker that fails is 503', async () => {
  gateway.answer = 500;
  const response = await post(PATH, event);
  gateway.answer = 202;
  assert.equal(response.status, 503);
});

test('the extensions of K_CE_OVERRIDES are on every event', async () => {
  await using other = await startGateway({ K_CE_OVERRIDES: '{"extensions":{"team":"a"}}' });
  await other.http.post(PATH).set(event).send('x').expect(202);
  assert.equal(other.sent[0]?.attributes.team, 'a');
});

test("the path of a RabbitMQ broker is told from its service's name", async () => {
  await using other = await startGateway({ K_SINK: 'http://mine-broker-ingress.space.svc.cluster.local' });
  await other.http.options('/space/mine').expect(200);
  await other.http.options('/space/other').expect(404);
});
