import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeEvent } from '../../../events/define.ts';
import { MEDIA } from '../../../events/descriptor.ts';
import { samplesPlotted } from '../../../events/registry.ts';
import { recordEvent } from '../../../functions/gateway/record.ts';
import { artifactPath } from '../../../functions/gateway/views.ts';
import { chainOf, type Gateway, putPlot, recordAll, startGateway } from './harness.ts';

let gateway: Gateway;
before(async () => {
  gateway = await startGateway();
  await recordAll(gateway.store, await chainOf(gateway.store, 'xor-1'));
});
after(() => gateway[Symbol.asyncDispose]());

const put = (text: string | Buffer) =>
  gateway.store.artifacts.put(Buffer.from(text), { mediaType: 'text/plain', name: 'any' });

const sniffed: [string, string | Buffer, string][] = [
  ['a PNG', Buffer.from('\x89PNG\r\n\x1a\nrest', 'latin1'), 'image/png'],
  ['an Arrow file', 'ARROW1\0\0rest', 'application/vnd.apache.arrow.file'],
  ['a page', '<!DOCTYPE html><title>x</title>', 'text/html; charset=utf-8'],
  ['JSON', '{"a":1}', 'application/json'],
  ['anything else', Buffer.from([0, 1, 2, 3]), 'application/octet-stream'],
  ['nothing', '', 'application/octet-stream'],
];
for (const [what, bytes, type] of sniffed) {
  test(`${what} is served as ${type}, immutable, sandboxed, never sniffed again`, async () => {
    const { digest, size } = await put(bytes);
    const { headers } = await gateway.http.get(artifactPath(digest)).expect(200);
    assert.equal(headers['content-type'], type);
    assert.equal(headers['content-length'], String(size));
    assert.equal(headers.etag, `"${digest}"`);
    assert.match(headers['cache-control'] ?? '', /immutable/);
    assert.match(headers['content-security-policy'] ?? '', /^sandbox allow-scripts .*default-src 'none'/);
    assert.equal(headers['x-content-type-options'], 'nosniff');
  });
}

test('the bytes of an artifact come whole', async () => {
  const bytes = Buffer.alloc(3_000_000, 'abc\0');
  const { digest } = await put(bytes);
  const response = await fetch(gateway.url + artifactPath(digest));
  assert.ok(Buffer.from(await response.arrayBuffer()).equals(bytes));
});

test('who has the digest gets 304', async () => {
  const { digest } = await put('once');
  const response = await gateway.http.get(artifactPath(digest)).set('if-none-match', `"${digest}"`).expect(304);
  assert.equal(response.text, '');
});

test('HEAD tells the size and sends nothing', async () => {
  const { digest } = await put('12345');
  const response = await gateway.http.head(artifactPath(digest)).expect(200);
  assert.equal(response.headers['content-length'], '5');
});

for (const [ending, type] of [
  ['png', MEDIA.png],
  ['html', MEDIA.html],
  ['vl.json', MEDIA.vegaLite],
] as const) {
  test(`a plot stands under its name as .${ending}`, async () => {
    const path = `/experiments/xor-1/plots/scatter-train.${ending}`;
    const { headers } = await gateway.http.get(path).expect(200);
    assert.equal(headers['content-type'], type);
    assert.equal(headers['cache-control'], 'no-cache');
    await gateway.http
      .get(path)
      .set('if-none-match', headers.etag ?? '')
      .expect(304);
  });
}

test('a model stands under its name: model.json with its weights beside it, as tf.loadLayersModel expects', async () => {
  const folder = '/experiments/xor-1/models/1-hidden-layer';
  const model = await gateway.http.get(`${folder}/model.json`).expect(200);
  assert.equal(model.headers['content-type'], 'application/json');
  assert.deepEqual(model.body, { modelTopology: {} });
  const weights = await gateway.http.get(`${folder}/weights.bin`).buffer(true).expect(200);
  assert.equal(weights.headers['content-type'], 'application/octet-stream');
  assert.deepEqual([...weights.body], [1, 2, 3, 4]);
});

const unknown: [string, RegExp][] = [
  ['/experiments/xor-1/plots/none.png', /No plot "none" .*: expected one of scatter-train, test-accuracy/],
  ['/experiments/xor-1/models/none/model.json', /expected one of 0-hidden-layers, 1-hidden-layer/],
  ['/experiments/xor-1/models/1-hidden-layer/other.bin', /Nothing at/],
];
for (const [path, detail] of unknown) {
  test(`${path} is 404 and says what there is`, async () => {
    const { body } = await gateway.http.get(path).expect(404);
    assert.match(body.detail, detail);
  });
}

test('a plot file with an unknown ending is 400', async () => {
  await gateway.http.get('/experiments/xor-1/plots/scatter-train.exe').expect(400);
});

test('a media type that the project does not write is not believed', async () => {
  const plot = await putPlot(gateway.store, 'odd', 'Odd');
  const odd = { ...plot, png: { ...plot.png, mediaType: 'image/svg+xml' } };
  const data = { experiment: 'odd', plots: [odd] };
  await recordEvent(gateway.store, makeEvent(samplesPlotted, { source: '/s', id: '1', subject: 'odd', data }));
  const { headers } = await gateway.http.get('/experiments/odd/plots/odd.png').expect(200);
  assert.equal(headers['content-type'], 'application/octet-stream');
});

test('an artifact that an event names and the store lacks is 404', async () => {
  const example = { experiment: 'lost', plots: samplesPlotted.example.plots };
  await recordEvent(
    gateway.store,
    makeEvent(samplesPlotted, { source: '/s', id: '1', subject: 'lost', data: example }),
  );
  const { body } = await gateway.http.get('/experiments/lost/plots/scatter-train.png').expect(404);
  assert.match(body.detail, /No artifact sha256:/);
});
