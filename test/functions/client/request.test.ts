import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { suite, test } from 'node:test';
import { constants, createGzip, gzipSync } from 'node:zlib';
import { bytesOf, textOf } from '../../../functions/client/body.ts';
import { causeOf, readBody } from '../../../functions/client/http.ts';
import { request } from '../../../functions/client/request.ts';

const never = new AbortController().signal;

async function serve(listener: RequestListener, host = '127.0.0.1') {
  const server = createServer(listener);
  const connections: unknown[] = [];
  server.on('connection', (socket) => connections.push(socket)).listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    connections,
    async [Symbol.asyncDispose]() {
      server.close().closeAllConnections();
    },
  };
}

async function textAt(...[target, asked]: Parameters<typeof request>): Promise<string> {
  return textOf((await request(target, asked)).body);
}

/** Says what was asked for, at a place that everybody is led to first. */
function redirecting(status: number, location: string): RequestListener {
  return async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const body = await textOf(incoming);
    if (incoming.url === '/first') return void outgoing.writeHead(status, { location }).end('moved');
    const { accept, 'content-type': type } = incoming.headers;
    outgoing.end([incoming.method, incoming.url, accept, type, body].join(' '));
  };
}

suite('redirects are followed', () => {
  const kept = 'POST /next text/plain text/x-sent sent';
  const changed = 'GET /next text/plain  ';
  for (const [status, asked] of [
    [301, changed],
    [302, changed],
    [303, changed],
    [307, kept],
    [308, kept],
  ] as const) {
    test(`${status} of a POST`, async () => {
      await using server = await serve(redirecting(status, '/next'));
      const headers = { accept: 'text/plain', 'content-type': 'text/x-sent' };
      const init = { method: 'POST', headers, body: 'sent', signal: never };
      const { url, body } = await request(`${server.url}/first`, init);
      assert.equal(await textOf(body), asked);
      assert.equal(url.href, `${server.url}/next`);
    });
  }

  test('of a GET with all that it asks for', async () => {
    await using server = await serve(redirecting(301, '/next'));
    assert.equal(await textAt(`${server.url}/first`, { headers: { accept: 'a/b' }, signal: never }), 'GET /next a/b  ');
  });

  const nowhere: readonly [string, string, RegExp][] = [
    ['in a circle', '/first', /^redirect count exceeded$/],
    ['to a port of something else', 'http://127.0.0.1:25/', /^bad port$/],
    ['to where credentials are needed', 'http://me:secret@127.0.0.1/', /credentials/],
    ['to another protocol', 'ftp://127.0.0.1/', /ftp/],
  ];
  for (const [what, location, message] of nowhere) {
    test(`but not ${what}`, async () => {
      await using server = await serve(redirecting(302, location));
      await assert.rejects(request(`${server.url}/first`, { signal: never }), { message });
    });
  }
});

suite('what is zipped is unzipped', () => {
  test('all at once', async () => {
    await using server = await serve(({ headers }, outgoing) => {
      assert.equal(headers['accept-encoding'], 'gzip');
      outgoing.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync('zipped'));
    });
    assert.equal(await textAt(server.url, { signal: never }), 'zipped');
  });

  test('as it comes', async () => {
    const zip = createGzip({ flush: constants.Z_SYNC_FLUSH });
    await using server = await serve((_, outgoing) => {
      zip.pipe(outgoing.writeHead(200, { 'content-encoding': 'gzip' }));
      zip.write('first');
    });
    const { body } = await request(server.url, { signal: never });
    const chunks = readBody(body, 10_000, never);
    assert.equal(String((await chunks.next()).value), 'first');
    zip.end('second');
    assert.equal(String((await chunks.next()).value), 'second');
    assert.equal((await chunks.next()).done, true);
  });

  test('unless it is not zipped at all', async () => {
    await using server = await serve((_, outgoing) => {
      outgoing.writeHead(200, { 'content-encoding': 'gzip' }).end('plain');
    });
    await assert.rejects(textAt(server.url, { signal: never }), { code: 'Z_DATA_ERROR' });
  });
});

suite('a signal ends', () => {
  const reason = new Error('enough');

  test('a request before it is sent', async () => {
    await using server = await serve(() => assert.fail('sent'));
    await assert.rejects(request(server.url, { signal: AbortSignal.abort(reason) }), reason);
  });

  test('a request that waits for its answer', async () => {
    const controller = new AbortController();
    await using server = await serve(() => controller.abort(reason));
    await assert.rejects(request(server.url, { signal: controller.signal }), reason);
  });

  test('an answer that is being read', async () => {
    const controller = new AbortController();
    let closed: Promise<unknown> = Promise.resolve();
    await using server = await serve((_, outgoing) => {
      closed = once(outgoing.writeHead(200), 'close');
      outgoing.write('begun');
    });
    const { body } = await request(server.url, { signal: controller.signal });
    const reading = textOf(body);
    controller.abort(reason);
    await assert.rejects(reading, reason);
    await closed;
  });

  test('an answer that nobody reads yet', async () => {
    const controller = new AbortController();
    await using server = await serve((_, outgoing) => void outgoing.writeHead(200).write('begun'));
    const { body } = await request(server.url, { signal: controller.signal });
    controller.abort(reason);
    await assert.rejects(textOf(body), reason);
  });
});

suite('an answer', () => {
  test('leaves its connection to the next request, once it is read', async () => {
    await using server = await serve(
      (incoming, outgoing) => void incoming.resume().on('end', () => outgoing.end('yes')),
    );
    for (let count = 0; count < 5; count++) {
      await textAt(server.url, { method: 'POST', body: 'asked', signal: never });
      await textAt(server.url, { signal: never });
    }
    assert.equal(server.connections.length, 1);
  });

  test('that breaks off is told as such', async () => {
    await using server = await serve((_, outgoing) => {
      outgoing.writeHead(200, { 'content-length': 10 }).write('half', () => outgoing.destroy());
    });
    const broken = textAt(server.url, { signal: never }).catch(causeOf);
    assert.equal(await broken, 'other side closed');
  });

  test('is read until it falls silent', async () => {
    await using server = await serve((_, outgoing) => void outgoing.writeHead(200).write('said'));
    const { body } = await request(server.url, { signal: never });
    assert.deepEqual((await Array.fromAsync(readBody(body, 50, never))).map(String), ['said']);
  });

  test('has no byte order mark as text, and all bytes as such', async () => {
    await using server = await serve((_, outgoing) => void outgoing.end('\ufeffé'));
    assert.equal(await textAt(server.url, { signal: never }), 'é');
    assert.equal((await bytesOf((await request(server.url, { signal: never })).body)).length, 5);
  });
});

suite('a request goes', () => {
  test('to an address of IPv6', async (t) => {
    const server = await serve(({ headers }, outgoing) => void outgoing.end(headers.host), '::1').catch(
      () => undefined,
    );
    if (!server) return t.skip('there is no IPv6 here');
    await using at = server;
    assert.equal(await textAt(at.url, { signal: never }), new URL(at.url).host);
  });

  test('to no URL with credentials, and to no port of something else', async () => {
    await assert.rejects(request('http://me:secret@127.0.0.1:2', { signal: never }), /credentials/);
    await assert.rejects(request('http://127.0.0.1:6000', { signal: never }), { message: 'bad port' });
  });
});
