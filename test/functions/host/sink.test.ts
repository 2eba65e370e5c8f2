import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { postEvent } from '../../../functions/host/sink.ts';
import { exampleOf } from '../../support/functions.ts';
import { makeFolder } from '../../support/manifests.ts';

test('where there is a token for the sink, each event carries the one that is there now; else it carries none', async () => {
  await using folder = await makeFolder();
  const seen: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization);
    request.resume().on('end', () => response.writeHead(202).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const tokenFile = join(folder.path, 'token');
  const event = exampleOf('model.trained');
  try {
    await postEvent(url, event, { tokenFile });
    await writeFile(tokenFile, 'first\n');
    await postEvent(url, event, { tokenFile });
    await writeFile(tokenFile, 'second');
    await postEvent(url, event, { tokenFile });
    await postEvent(url, event);
  } finally {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  assert.deepEqual(seen, [undefined, 'Bearer first', 'Bearer second', undefined]);
});

test('an event follows a redirect that keeps its method, its token only within the origin; any other redirect is no 2xx', async () => {
  await using folder = await makeFolder();
  const seen: unknown[][] = [];
  const listen = async (answer: (path: string) => { status: number; location?: string }) => {
    const server = createServer((request, response) => {
      const { method, url = '', headers } = request;
      seen.push([method, url, headers['ce-type'], headers.authorization]);
      const { status, location } = answer(url);
      request.resume().on('end', () => response.writeHead(status, { ...(location && { location }) }).end());
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const close = () => {
      server.closeAllConnections();
      return new Promise<void>((resolve) => server.close(() => resolve()));
    };
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, [Symbol.asyncDispose]: close };
  };
  await using moved = await listen(() => ({ status: 202 }));
  await using sink = await listen((path) => {
    if (path === '/near') return { status: 307, location: '/far' };
    return path === '/far' ? { status: 308, location: `${moved.url}/` } : { status: 302, location: '/far' };
  });
  const tokenFile = join(folder.path, 'token');
  await writeFile(tokenFile, 'secret');
  const event = exampleOf('model.trained');
  await postEvent(`${sink.url}/near`, event, { tokenFile });
  assert.deepEqual(seen, [
    ['POST', '/near', 'model.trained', 'Bearer secret'],
    ['POST', '/far', 'model.trained', 'Bearer secret'],
    ['POST', '/', 'model.trained', undefined],
  ]);
  await assert.rejects(postEvent(`${sink.url}/other`, event, { tokenFile }), {
    code: 'SINK_UNAVAILABLE',
    message: /^Answer 302 of the sink /,
  });
});

test('a sink in this process takes the message itself; what it refuses, and what it does not answer in 30 s, comes again', async (t) => {
  const event = exampleOf('model.trained');
  const taken: unknown[] = [];
  await postEvent('http://sink/', event, {
    shortcut: async (sink, { headers, body }) => {
      taken.push([sink, headers['ce-id'], body]);
      return 202;
    },
  });
  assert.deepEqual(taken, [['http://sink/', event.attributes.id, event.body]]);
  await assert.rejects(postEvent('http://sink/', event, { shortcut: async () => 503 }), {
    code: 'SINK_UNAVAILABLE',
    message: /^Answer 503 of the sink/,
  });
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const late = postEvent('http://sink/', event, { shortcut: () => new Promise(() => undefined) });
  t.mock.timers.tick(30_000);
  await assert.rejects(late, (error: Error) => {
    assert.match(error.message, /^No answer from the sink/);
    assert.match(String(error.cause), /no answer within 30 s/);
    return true;
  });
});
