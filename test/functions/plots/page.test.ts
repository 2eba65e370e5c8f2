import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { render } from '../../../functions/plots/render.ts';
import { scatterChart } from '../../../functions/scatter/scatter.ts';

const CHROMIUM = '/usr/bin/chromium';

const points = {
  dims: 2,
  size: 3,
  coordinates: [Float32Array.of(0.1, 0.9, 0.2), Float32Array.of(0.1, 0.8, 0.7)],
  labels: Uint8Array.of(0, 0, 1),
};

test('the page draws its chart in a sandboxed frame without any request', {
  timeout: 60_000,
  skip: existsSync(CHROMIUM) ? false : `SKIPPED: no ${CHROMIUM} on this machine`,
}, async () => {
  const chart = scatterChart({ experimentName: 'xor', split: 'test', points });
  const page = Buffer.from((await render(chart)).html).toString();
  // The frame has no origin and cannot be looked into: it says itself what it has drawn and what it has loaded.
  const probe = `<script>setInterval(() => parent.postMessage({
      drawn: document.body.dataset.drawn, marks: document.querySelectorAll('#plot svg path').length,
      words: document.querySelector('#plot')?.textContent, origin: self.origin,
      loaded: performance.getEntriesByType('resource').map((entry) => entry.name) }, '*'), 50);</script>`;
  const attribute = (page + probe).replaceAll('&', '&amp;').replaceAll('"', '&quot;');
  const host = `<!doctype html><meta charset="utf-8"><script>
    onmessage = ({ data }) => { if (data.drawn) fetch('/seen', { method: 'POST', body: JSON.stringify(data) }); };
    </script><iframe sandbox="allow-scripts" srcdoc="${attribute}"></iframe>`;
  const requests: string[] = [];
  const seen = Promise.withResolvers<string>();
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(request.url === '/' ? host : '');
    if (request.url === '/seen') void text(request).then(seen.resolve, seen.reject);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const profile = await mkdtemp(join(tmpdir(), 'xorflow-chromium-'));
  const browser = spawn(
    CHROMIUM,
    [
      ...'--headless --no-sandbox --disable-gpu --disable-quic --no-first-run'.split(' '),
      ...'--disable-background-networking --disable-component-update --disable-sync'.split(' '),
      `--user-data-dir=${profile}`,
      `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    ],
    { stdio: 'ignore' },
  );
  const ended = once(browser, 'exit');
  try {
    const report = await Promise.race([seen.promise, ended.then(() => assert.fail('the browser ended'))]);
    const { marks, words, origin, loaded } = JSON.parse(report);
    assert.equal(origin, 'null');
    assert.ok(marks > 3, `${marks} marks`);
    assert.match(words, /class 1 has 33\.3% of the test points/);
    assert.deepEqual(loaded, []);
    const others = requests.filter((request) => !['GET /', 'GET /favicon.ico', 'POST /seen'].includes(request));
    assert.deepEqual(others, []);
  } finally {
    browser.kill();
    await ended;
    server.closeAllConnections();
    server.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
});
