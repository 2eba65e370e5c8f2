import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import type { Exit, Instance, StartInstance } from '../../../knative/local/instance.ts';
import type { ServiceManifest } from '../../../knative/local/schema/service.ts';
import { openService, type ServedFunction, type ServiceSettings, toSettings } from '../../../knative/local/serving.ts';
import { SERVICE } from './support.ts';

type Entry = { readonly name: string } & Readonly<Record<string, unknown>>;

/** A Service in front of a function that is a request listener of the test. */
async function serveListener(
  listener: RequestListener,
  settings: Partial<ServiceSettings> = {},
  more: { queueDepth?: number; graceMs?: number } = {},
) {
  const log: Entry[] = [];
  const server = createServer(listener);
  const exits = Promise.withResolvers<Exit>();
  const start: StartInstance = async (): Promise<Instance> => {
    if (!server.listening) await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const stop = async () => {
      server.close();
      server.closeAllConnections();
    };
    return { port, exited: exits.promise, stop };
  };
  const record = (entry: Entry) => void log.push(entry);
  const service = await openService({ ...SERVICE, ...settings }, { start, record, graceMs: 500, ...more });
  const launch = () => service.launch('none.ts', {});
  return { service, launch, log, server, [Symbol.asyncDispose]: () => service.close() };
}

async function launched(...parameters: Parameters<typeof serveListener>) {
  const served = await serveListener(...parameters);
  await served.launch();
  return served;
}

const ok: RequestListener = (_request, response) => void response.end('ok');

/** Resolves when a condition holds; the test's own timeout bounds it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

test('requests that come before the function is ready wait for it', async () => {
  await using served = await serveListener(ok);
  const early = fetch(served.service.url);
  await new Promise((resolve) => setTimeout(resolve, 30));
  await served.launch();
  assert.equal(await (await early).text(), 'ok');
});

test('no more requests than containerConcurrency run at once, and the others run in the order they came', async () => {
  const order: string[] = [];
  const open: (() => void)[] = [];
  await using served = await launched(
    (request, response) => {
      order.push(request.url ?? '');
      open.push(() => response.end());
    },
    { concurrency: 2 },
  );
  const paths = ['/0', '/1', '/2', '/3', '/4'];
  const answers: Promise<Response>[] = [];
  for (const path of paths) {
    const sent = httpRequest(served.service.url + path);
    answers.push(
      new Promise((resolve, reject) =>
        sent
          .on('error', reject)
          .on('response', () => resolve(new Response()))
          .end(),
      ),
    );
    // One after the other, so that the order of arrival is known.
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  for (let done = 0; done < paths.length; done++) {
    await until(() => open.length > done);
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.ok(open.length - done <= 2, `${open.length - done} at once`);
    open[done]?.();
  }
  await Promise.all(answers);
  assert.deepEqual(order, paths);
});

test('a request beyond the queue is answered with 503', async () => {
  const open: (() => void)[] = [];
  await using served = await launched(
    (_request, response) => void open.push(() => response.end()),
    { concurrency: 1 },
    { queueDepth: 1 },
  );
  const first = fetch(served.service.url);
  await until(() => open.length === 1);
  const second = fetch(served.service.url);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const third = await fetch(served.service.url);
  assert.equal(third.status, 503);
  assert.equal(await third.text(), 'pending request queue full');
  open[0]?.();
  await until(() => open.length === 2);
  open[1]?.();
  assert.deepEqual([(await first).status, (await second).status], [200, 200]);
});

test('a request that takes longer than timeoutSeconds is answered with 504, and the function learns that nobody waits', async () => {
  const gone = Promise.withResolvers<void>();
  await using served = await launched((_request, response) => void response.on('close', gone.resolve), {
    timeoutMs: 60,
  });
  const answer = await fetch(served.service.url, { method: 'POST', body: 'x' });
  assert.equal(answer.status, 504);
  await gone.promise;
  assert.deepEqual(
    served.log.filter(({ name }) => name === 'request:refused'),
    [{ name: 'request:refused', service: 'under-test', status: 504, reason: 'request timeout' }],
  );
});

test('the wait for a turn counts in the timeout', async () => {
  await using served = await launched(() => undefined, { concurrency: 1, timeoutMs: 60 });
  const answers = await Promise.all([1, 2, 3].map(() => fetch(served.service.url)));
  assert.deepEqual(
    answers.map(({ status }) => status),
    [504, 504, 504],
  );
});

test('who has given up while it waited for its turn is never sent to the function', async () => {
  const calls: string[] = [];
  let release = () => {};
  const take: RequestListener = ({ url = '' }, response) => {
    calls.push(url);
    if (url !== '/first') return void response.end();
    // It has begun, and keeps its place for as long as it wants.
    response.write('begun');
    release = () => void response.end();
  };
  await using served = await launched(take, { concurrency: 1, responseStartMs: 60 });
  const first = await fetch(`${served.service.url}/first`);
  const waiting = await Promise.all([1, 2].map((index) => fetch(`${served.service.url}/${index}`)));
  assert.deepEqual(
    waiting.map(({ status }) => status),
    [504, 504],
  );
  release();
  assert.equal(await first.text(), 'begun');
  assert.equal((await fetch(`${served.service.url}/last`)).status, 200);
  assert.deepEqual(calls, ['/first', '/last']);
});

test('a response that does not begin within responseStartTimeoutSeconds is answered with 504', async () => {
  await using served = await launched(() => undefined, { responseStartMs: 40 });
  assert.equal((await fetch(served.service.url)).status, 504);
});

test('a response that has begun in time may go on longer than responseStartTimeoutSeconds', async () => {
  await using served = await launched(
    (_request, response) => {
      response.write('begun ');
      setTimeout(() => response.end('ended'), 80);
    },
    { responseStartMs: 40 },
  );
  assert.equal(await (await fetch(served.service.url)).text(), 'begun ended');
});

test('a response that is not over at timeoutSeconds is broken off, so that nobody takes it for whole', async () => {
  await using served = await launched((_request, response) => void response.write('half'), { timeoutMs: 60 });
  const answer = await fetch(served.service.url);
  assert.equal(answer.status, 200);
  await assert.rejects(answer.text());
});

test('server-sent events arrive one by one, headers before the first', async () => {
  let send: ((data: string) => void) | undefined;
  await using served = await launched((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders();
    send = (data) => void response.write(`data: ${data}\n\n`);
  });
  const answer = await fetch(served.service.url);
  assert.equal(answer.headers.get('content-type'), 'text/event-stream');
  const reader = (answer.body ?? assert.fail()).getReader();
  for (const data of ['first', 'second']) {
    send?.(data);
    const { value } = await reader.read();
    assert.equal(new TextDecoder().decode(value), `data: ${data}\n\n`);
  }
  await reader.cancel();
});

test('a request body reaches the function piece by piece', async () => {
  const pieces: string[] = [];
  await using served = await launched((request, response) => {
    request.on('data', (piece: Buffer) => pieces.push(piece.toString()));
    request.on('end', () => response.end());
  });
  const sent = httpRequest(served.service.url, { method: 'POST' });
  sent.write('one');
  await until(() => pieces.length === 1);
  sent.end('two');
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  answer.resume();
  assert.deepEqual(pieces, ['one', 'two']);
});

test('a client that goes away makes room for the next one, and the function sees it go', async () => {
  const gone = Promise.withResolvers<void>();
  let calls = 0;
  await using served = await launched(
    (_request, response) => {
      if (calls++ > 0) return void response.end('mine');
      response.flushHeaders();
      response.on('close', gone.resolve);
    },
    { concurrency: 1 },
  );
  const aborter = new AbortController();
  await fetch(served.service.url, { signal: aborter.signal });
  const next = fetch(served.service.url);
  aborter.abort();
  await gone.promise;
  assert.equal(await (await next).text(), 'mine');
});

test('headers pass through both ways, with where the request came from and without what is for one hop only', async () => {
  let seen: IncomingMessage['headers'] = {};
  await using served = await launched((request, response) => {
    seen = request.headers;
    response.writeHead(207, 'Many', { 'X-Answer': ['a', 'b'], 'content-length': '0' }).end();
  });
  const sent = httpRequest(served.service.url, {
    method: 'POST',
    headers: { 'ce-id': '1', 'X-Request-Id': 'r', 'X-Forwarded-For': '10.0.0.1', TE: 'trailers', 'content-length': 2 },
  });
  sent.end('{}');
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  answer.resume();
  assert.equal(answer.statusCode, 207);
  assert.equal(answer.statusMessage, 'Many');
  assert.equal(answer.headers['x-answer'], 'a, b');
  const { host } = new URL(served.service.url);
  assert.deepEqual(seen, {
    host,
    connection: 'keep-alive',
    'ce-id': '1',
    'x-request-id': 'r',
    'content-length': '2',
    'x-forwarded-for': '10.0.0.1, 127.0.0.1',
    'x-forwarded-proto': 'http',
    forwarded: 'for=10.0.0.1;proto=http, for=127.0.0.1',
    'k-proxy-request': 'activator',
  });
});

for (const method of ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS']) {
  test(`${method} keeps its body and its framing`, async () => {
    await using served = await launched(async (request, response) => {
      const body = await text(request);
      response.setHeader('x-body', body).end(body);
    });
    for (const framing of [{ 'content-length': 4 }, { 'transfer-encoding': 'chunked' }]) {
      const sent = httpRequest(served.service.url, { method, headers: framing });
      sent.end('body');
      const [answer] = (await once(sent, 'response')) as [IncomingMessage];
      assert.equal(answer.headers['x-body'], 'body');
      assert.equal(await text(answer), method === 'HEAD' ? '' : 'body');
    }
  });
}

test('a function that breaks off its answer is a broken answer, and one that gives none is a 502', async () => {
  await using served = await launched((request, response) => {
    if (request.url === '/half') response.write('half', () => response.destroy());
    else response.destroy();
  });
  const half = await fetch(`${served.service.url}/half`);
  await assert.rejects(half.text());
  assert.equal((await fetch(served.service.url)).status, 502);
});

test('closing finishes what is in flight, sends away who waits, and accepts nothing new', async () => {
  const open: (() => void)[] = [];
  const served = await launched((_request, response) => void open.push(() => response.end('done')), { concurrency: 1 });
  const running = fetch(served.service.url);
  await until(() => open.length === 1);
  const waiting = fetch(served.service.url);
  await new Promise((resolve) => setTimeout(resolve, 20));
  const closed = closeKeepingFunction(served.service, () => open[0]?.());
  assert.equal((await waiting).status, 503);
  assert.equal(await (await running).text(), 'done');
  await closed;
  await assert.rejects(fetch(served.service.url));
});

/** The function of these tests drops its connections when stopped: its answer has to come first. */
async function closeKeepingFunction(service: ServedFunction, answer: () => void): Promise<void> {
  answer();
  await service.close();
}

test('closing does not wait for ever for a stream that does not end', async () => {
  const served = await launched((_request, response) => response.flushHeaders(), {}, { graceMs: 30 });
  const answer = await fetch(served.service.url);
  await served.service.close();
  await assert.rejects(answer.text());
});

test('a taken port is named, with what to do', async () => {
  await using served = await launched(ok);
  const port = Number(new URL(served.service.url).port);
  await assert.rejects(openService(SERVICE, { start: () => assert.fail(), record: () => undefined, port }), {
    code: 'PORT_IN_USE',
    message: `Port ${port} on 127.0.0.1 is in use, and under-test is to have it: stop the program that has it, or choose another port`,
  });
});

test('a Service that says nothing gets the defaults of Serving', () => {
  const settingsOf = (revision: Partial<ServiceManifest['spec']['template']['spec']>) =>
    toSettings({
      apiVersion: 'serving.knative.dev/v1',
      kind: 'Service',
      metadata: { name: 'train' },
      spec: { template: { spec: { containers: [{ command: ['node', 'functions/train/index.ts'] }], ...revision } } },
    });
  const { concurrency, timeoutMs, responseStartMs } = settingsOf({});
  assert.deepEqual(
    { concurrency, timeoutMs, responseStartMs },
    { concurrency: 0, timeoutMs: 300_000, responseStartMs: 300_000 },
  );
  // The trap of the real platform: an answer at 400 s never arrives.
  assert.equal(settingsOf({ timeoutSeconds: 600 }).responseStartMs, 300_000);
  assert.equal(settingsOf({ timeoutSeconds: 600, responseStartTimeoutSeconds: 600 }).responseStartMs, 600_000);
});
