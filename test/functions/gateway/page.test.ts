import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import { CloudEvent } from 'cloudevents';
import { makeEvent } from '../../../events/define.ts';
import { experimentFailed, samplesPlotted } from '../../../events/registry.ts';
import { html } from '../../../functions/gateway/html.ts';
import { recordEvent } from '../../../functions/gateway/record.ts';
import { addLines, chainOf, type Gateway, putPlot, recordAll, startGateway } from './harness.ts';

let gateway: Gateway;
before(async () => {
  gateway = await startGateway();
});
after(() => gateway[Symbol.asyncDispose]());

const page = async (path: string, target = gateway) =>
  (await target.http.get(path).set('accept', 'text/html,application/xhtml+xml,*/*;q=0.8').expect(200)).text;

test('whatever is put into markup is escaped, unless it is markup', () => {
  assert.equal(html`<p>${'<b>&"\''}</p>`.text, '<p>&lt;b&gt;&amp;&quot;&#39;</p>');
  assert.equal(html`${[html`<i>${1}</i>`, undefined, false, 'x']}`.text, '<i>1</i>x');
});

test('without experiments the page says how to ask for one', async () => {
  await using empty = await startGateway();
  assert.match(await page('/', empty), /None yet\..*curl -X POST/s);
});

test('the page lists experiments, and shows the newest with its table, plots and files', async () => {
  await recordAll(gateway.store, await chainOf(gateway.store, 'xor-1', 'my run'));
  const text = await page('/');
  assert.match(text, /<a href="\/experiments\/xor-1">my run<\/a>/);
  assert.match(text, /<img src="\/experiments\/xor-1\/plots\/test-accuracy.png" alt="One hidden layer is enough">/);
  assert.match(text, /href="\/experiments\/xor-1\/models\/1-hidden-layer\/model.json"/);
  assert.match(text, /<td class="number">0.0230<\/td><td class="number">0.9960<\/td>/);
});

test('a browser gets the page of an experiment, a program its JSON', async () => {
  assert.match(await page('/experiments/xor-1'), /^<!doctype html>/);
  assert.equal((await gateway.http.get('/experiments/xor-1').set('accept', '*/*').expect(200)).body.id, 'xor-1');
});

test('a browser that asks for an unknown experiment gets a page with status 404, a program its problem', async () => {
  const { headers, text } = await gateway.http.get('/experiments/nobody').set('accept', 'text/html').expect(404);
  assert.match(headers['content-type'] ?? '', /^text\/html/);
  assert.match(text, /No experiment nobody.*<a href="\/">All experiments/s);
  const { body } = await gateway.http.get('/experiments/nobody').set('accept', '*/*').expect(404);
  assert.equal(body.status, 404);
});

test('large numbers have separators', async () => {
  assert.match(await page('/experiments/xor-1'), /10,000 train, 1,000 validation, 1,000 test.*1,000 epochs/s);
});

test('every link of the page leads somewhere', async () => {
  const text = `${await page('/')}${await page('/experiments/xor-1')}`;
  const links = new Set([...text.matchAll(/(?:href|src)="(\/[^"]*)"/g)].map(([, link]) => String(link)));
  assert.ok(links.size > 10);
  for (const link of links) {
    // The dataset of the example is in no store.
    if (link.startsWith('/artifacts/')) continue;
    await gateway.http.get(link).expect(200);
  }
});

test('a running experiment looks for news and shows its last metric line; a finished one rests', async () => {
  await recordAll(gateway.store, (await chainOf(gateway.store, 'live')).slice(0, 4));
  await addLines(gateway.store, 'live', ['epoch=10 loss=0.5']);
  const text = await page('/experiments/live');
  assert.match(text, /<main data-refresh="1000">/);
  assert.match(text, /epoch=10 loss=0\.5/);
  assert.match(await page('/experiments/xor-1'), /<main>/);
});

test('names, reasons and titles from outside never become markup', async () => {
  const evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>';
  const request = { type: 'experiment.requested', source: evil, id: '1', subject: 'evil', data: { name: evil } };
  await recordEvent(gateway.store, new CloudEvent<unknown>(request, false));
  const plot = await putPlot(gateway.store, 'p', evil);
  const cause = { type: evil, source: evil, id: evil };
  const failure = { stage: evil.slice(0, 64), code: evil, reason: evil, cause };
  const events = [
    makeEvent(samplesPlotted, { source: '/s', id: '2', subject: 'evil', data: { experiment: 'evil', plots: [plot] } }),
    makeEvent(experimentFailed, { source: '/s', id: '3', subject: 'evil', data: failure }),
  ];
  await recordAll(gateway.store, events);
  for (const path of ['/', '/experiments/evil']) {
    const text = await page(path);
    assert.equal(text.match(/<script/g)?.length, 1);
    assert.doesNotMatch(text, /<img src=x/);
    assert.match(text, /&lt;script&gt;alert/);
  }
});

test('the policy of the page lets only its own script and style run', async () => {
  const { text, headers } = await gateway.http.get('/').expect(200);
  const policy = headers['content-security-policy'] ?? '';
  for (const tag of ['script', 'style']) {
    const [, inside = ''] = new RegExp(`<${tag}>(.*)</${tag}>`, 's').exec(text) ?? [];
    const hash = createHash('sha256').update(inside).digest('base64');
    assert.ok(policy.includes(`${tag}-src 'sha256-${hash}'`));
  }
  assert.doesNotMatch(policy, /unsafe/);
  assert.doesNotMatch(text, / style="/);
});
