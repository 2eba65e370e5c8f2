import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CloudEvent } from 'cloudevents';
import { makeEvent } from '../../../events/define.ts';
import { experimentFailed, experimentRequested } from '../../../events/registry.ts';
import { specSchema } from '../../../events/spec.ts';
import { recordEvent } from '../../../functions/gateway/record.ts';
import { LOG } from '../../../functions/store/port.ts';
import { chainOf, type Gateway, recordAll, startGateway } from './harness.ts';

let gateway: Gateway;
before(async () => {
  gateway = await startGateway();
});
after(() => gateway[Symbol.asyncDispose]());

test('the list is newest first, page by page, and each page stays what it is while more come', async () => {
  await using own = await startGateway();
  const request = async (index: number) => {
    const [first] = await chainOf(own.store, `x-${index}`);
    if (first) await recordEvent(own.store, first);
  };
  assert.deepEqual((await own.http.get('/experiments').expect(200)).body, { experiments: [] });
  for (let index = 1; index <= 7; index++) await request(index);
  const ids = (body: { experiments: { id: string }[] }) => body.experiments.map(({ id }) => id);
  const first = await own.http.get('/experiments?limit=3').expect(200);
  assert.deepEqual(ids(first.body), ['x-7', 'x-6', 'x-5']);
  await request(8);
  const second = await own.http.get(first.body.next).expect(200);
  assert.deepEqual(ids(second.body), ['x-4', 'x-3', 'x-2']);
  const third = await own.http.get(second.body.next).expect(200);
  assert.deepEqual(ids(third.body), ['x-1']);
  assert.equal(third.body.next, undefined);
});

test('an experiment that has expired is not on the list, and its id is free again', async () => {
  await using own = await startGateway();
  const [first] = await chainOf(own.store, 'there');
  if (first) await recordEvent(own.store, first);
  const value = JSON.stringify({ id: 'gone', name: 'gone', time: '2026-01-01T00:00:00Z' });
  await own.store.logs.append(LOG.experiments, [{ key: 'gone', value }]);
  const idsOf = async () =>
    ((await own.http.get('/experiments').expect(200)).body.experiments as { id: string }[]).map(({ id }) => id);
  assert.deepEqual(await idsOf(), ['there']);
  await own.http.get('/experiments/gone').expect(404);
  const event = { specversion: '1.0', type: 'experiment.requested', source: '/me', id: '1', subject: 'gone', data: {} };
  await own.http.post('/experiments').type('application/cloudevents+json').send(JSON.stringify(event)).expect(202);
});

test('an experiment shows its state, its models with their files, its plots with their links', async () => {
  await recordAll(gateway.store, await chainOf(gateway.store, 'whole', 'my name'));
  const { body } = await gateway.http.get('/experiments/whole').expect(200);
  assert.equal(body.status, 'completed');
  assert.equal(body.name, 'my name');
  assert.equal(body.models.length, 2);
  assert.equal(body.models[1].parameters, 65);
  assert.equal(body.models[1].links.model, '/experiments/whole/models/1-hidden-layer/model.json');
  assert.equal(body.plots[0].links.html, '/experiments/whole/plots/scatter-train.html');
  for (const path of [...Object.values(body.models[1].links), ...Object.values(body.plots[0].links)]) {
    await gateway.http.get(String(path)).expect(200);
  }
});

test('an experiment that is only running says how far its models are', async () => {
  await recordAll(gateway.store, (await chainOf(gateway.store, 'half')).slice(0, 5));
  const { body } = await gateway.http.get('/experiments/half').expect(200);
  assert.equal(body.status, 'running');
  assert.deepEqual(
    body.models.map(({ status }: { status: string }) => status),
    ['trained', 'waiting'],
  );
});

test('events in any order give the same experiment', async () => {
  await recordAll(gateway.store, (await chainOf(gateway.store, 'turned')).reverse());
  const { body } = await gateway.http.get('/experiments/turned').expect(200);
  assert.equal(body.status, 'completed');
  assert.equal(body.models.length, 2);
});

test('a second request for an experiment is recorded, and changes nothing of what is shown', async () => {
  await using own = await startGateway();
  const events = await chainOf(own.store, 'twice', 'first');
  const second = makeEvent(experimentRequested, {
    source: '/other',
    id: 'other',
    subject: 'twice',
    data: specSchema.parse({
      name: 'second',
      dataset: { dims: 7, trainSize: 777 },
      models: [{ name: 'x', hidden: [] }],
    }),
  });
  const look = async () => {
    const { body } = await own.http.get('/experiments/twice').expect(200);
    const list = await own.http.get('/experiments').expect(200);
    const { text } = await own.http.get('/experiments/twice').set('accept', 'text/html').expect(200);
    return {
      body,
      list: list.body,
      facts: /<dl>.*?<\/dl>/s.exec(text)?.[0],
      title: /<title>.*<\/title>/.exec(text)?.[0],
    };
  };
  await recordAll(own.store, events.slice(0, 1));
  const before = await look();
  await recordAll(own.store, [second]);
  assert.deepEqual(await look(), before);
  await recordAll(own.store, events.slice(1));
  const { body, list } = await look();
  assert.equal(body.name, 'first');
  assert.equal(body.spec.dataset.dims, 2);
  assert.equal(body.models.length, 2);
  assert.equal(list.experiments.length, 1);
  assert.equal((await own.http.get('/experiments/twice/events').set('accept', 'application/json')).body.length, 10);
});

test('a request that is no spec is listed with its failure', async () => {
  const bad = {
    type: 'experiment.requested',
    source: '/s',
    id: 'bad',
    subject: 'bad',
    data: { name: 'no', models: 3 },
  };
  await recordEvent(gateway.store, new CloudEvent<unknown>(bad, false));
  const cause = { type: bad.type, source: bad.source, id: bad.id };
  const data = { stage: 'generate', code: 'INVALID_SPEC', reason: 'Wrong value 3 at models', cause };
  await recordEvent(
    gateway.store,
    makeEvent(experimentFailed, { source: '/xorflow/generate', id: 'f', subject: 'bad', data }),
  );
  const { body } = await gateway.http.get('/experiments?limit=1').expect(200);
  assert.equal(body.experiments[0].id, 'bad');
  assert.equal(body.experiments[0].name, 'no');
  assert.equal(body.experiments[0].status, 'failed');
  assert.equal(body.experiments[0].reason, 'Wrong value 3 at models');
  assert.deepEqual((await gateway.http.get('/experiments/bad').expect(200)).body.failure, data);
});

const refused: [string, string, number, RegExp][] = [
  ['GET', '/experiments/nobody', 404, /No experiment "nobody": \/experiments lists/],
  ['GET', '/experiments/nobody/events', 404, /No experiment "nobody"/],
  ['GET', '/experiments/nobody/logs', 404, /No experiment "nobody"/],
  ['GET', '/experiments/nobody/models/a/model.json', 404, /No experiment "nobody"/],
  ['GET', '/experiments/nobody/plots/a.png', 404, /No experiment "nobody"/],
  ['GET', `/experiments/${'x'.repeat(64)}`, 400, /at path.id: expected 1 to 63/],
  ['GET', '/experiments/..%2F..%2Fetc', 400, /at path.id/],
  ['GET', '/experiments/%zz', 400, /decode/],
  ['GET', '/experiments?cursor=0', 400, /at query.cursor: expected an integer from 1/],
  ['GET', '/experiments?cursor=-1', 400, /"-1" at query.cursor/],
  ['GET', '/experiments?limit=101', 400, /"101" at query.limit: expected an integer from 1 to 100/],
  ['GET', '/experiments?limit=1&limit=2', 400, /\["1","2"\] at query.limit/],
  ['GET', '/experiments?limits=1', 400, /"limits" at query; did you mean limit\?/],
  ['GET', '/trials/nobody', 404, /No trial "nobody"/],
  ['GET', '/nowhere', 404, /Nothing at "\/nowhere": \/openapi.json lists/],
  ['GET', '/artifacts/sha256/abc', 400, /at path.hex: expected 64/],
  ['GET', `/artifacts/sha256/${'0'.repeat(64)}`, 404, /No artifact sha256:0/],
  ['GET', '/schemas/nothing.json', 404, /expected one of experiment.requested.json/],
  ['PUT', '/experiments', 405, /Wrong method PUT at \/experiments: expected POST, GET, HEAD/],
  ['DELETE', '/experiments/x', 405, /expected GET, HEAD/],
  ['POST', '/experiments/x', 405, /expected GET, HEAD/],
  ['PUT', '/', 405, /expected GET, HEAD, POST/],
];
for (const [method, path, status, detail] of refused) {
  test(`${method} ${path.slice(0, 60)} is ${status} with a sentence`, async () => {
    const response = await fetch(gateway.url + path, { method });
    const body = (await response.json()) as { status: number; detail: string };
    assert.equal(response.status, status);
    assert.equal(response.headers.get('content-type'), 'application/problem+json');
    assert.equal(body.status, status);
    assert.match(body.detail, detail);
    if (status === 405) assert.ok(response.headers.get('allow'));
  });
}

test('a cursor past the end is an answer, not an error', async () => {
  await gateway.http.get('/experiments?cursor=999999').expect(200);
});

test('OPTIONS tells the methods and allows no other origin', async () => {
  const { headers } = await gateway.http.options('/experiments').expect(204);
  assert.equal(headers.allow, 'POST, GET, HEAD');
  assert.equal(headers['access-control-allow-origin'], undefined);
});

const hosts: [string, number][] = [
  ['localhost:8080', 200],
  ['127.0.0.1:8080', 200],
  ['[::1]:8080', 200],
  ['192.168.1.2', 200],
  ['gateway', 200],
  ['gateway.default.svc.cluster.local', 200],
  ['evil.example.com', 403],
  ['localhost.evil.com:8080', 403],
];
for (const [host, status] of hosts) {
  test(`a request for ${host} is ${status}, so that no page elsewhere can take this name`, async () => {
    await gateway.http.get('/experiments').set('host', host).expect(status);
  });
}

test('other names are allowed by XORFLOW_HOSTS, and all of them on a cluster', async () => {
  await using named = await startGateway({ XORFLOW_HOSTS: 'lab.example.com' });
  await named.http.get('/experiments').set('host', 'lab.example.com').expect(200);
  await named.http.get('/experiments').set('host', 'evil.example.com').expect(403);
  await using cluster = await startGateway({ KUBERNETES_SERVICE_HOST: '10.0.0.1' });
  await cluster.http.get('/experiments').set('host', 'gateway.example.com').expect(200);
});

test('a store that is away is 503 for every reader', async () => {
  const { TransientError } = await import('../../../events/errors.ts');
  const away = async () => {
    throw new TransientError('STORE_UNAVAILABLE', 'The store is away');
  };
  const store = { ...gateway.store, logs: { ...gateway.store.logs, read: away, find: away } };
  await using broken = await startGateway({}, store);
  for (const path of ['/experiments', '/experiments/x', '/experiments/x/events', '/trials', '/']) {
    const { body } = await broken.http.get(path).expect(503);
    assert.equal(body.code, 'STORE_UNAVAILABLE');
  }
});

test('our own faults are 500 and say nothing of the inside', async () => {
  const boom = async () => {
    throw new Error('secret inside');
  };
  await using broken = await startGateway({}, { ...gateway.store, logs: { ...gateway.store.logs, read: boom } });
  const { text } = await broken.http.get('/experiments').expect(500);
  assert.doesNotMatch(text, /secret/);
});
