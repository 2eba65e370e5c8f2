import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { derivedId, makeEvent } from '../../../events/define.ts';
import { type Envelope, writeBinary, writeStructured } from '../../../events/envelope.ts';
import { RejectedError, TransientError } from '../../../events/errors.ts';
import { toEnvelope } from '../../../events/read.ts';
import { experimentFailed, experimentRequested, type KnownEvent } from '../../../events/registry.ts';
import type { FunctionDefinition } from '../../../functions/host/function.ts';
import { type Running, serve } from '../../../functions/host/serve.ts';
import { makeMemoryStore } from '../../support/memory-store.ts';
import { type Sink, startSink } from '../../support/sink.ts';

const request = makeEvent(experimentRequested, {
  source: '/test',
  id: '1',
  subject: 'x',
  data: experimentRequested.example,
});

function failed(id: string): KnownEvent {
  return makeEvent(experimentFailed, { source: '/xorflow/echo', id, subject: 'x', data: experimentFailed.example });
}

const silent = { PORT: '0', XORFLOW_STORE: 'embedded:unused', LOG_LEVEL: 'silent' };

async function start(definition: Partial<FunctionDefinition>, env: Record<string, string> = {}): Promise<Running> {
  return serve(
    { name: 'echo', accepts: ['experiment.requested'], emitsMany: false, handle: async () => [], ...definition },
    { ...silent, ...env },
    { store: makeMemoryStore(), print: () => undefined },
  );
}

function post(url: string, envelope: Envelope, structured = false): Promise<Response> {
  const { headers, body } = structured ? writeStructured(envelope) : writeBinary(envelope);
  return fetch(url, { method: 'POST', headers, body: new Uint8Array(body) });
}

async function withSink(run: (sink: Sink) => Promise<void>): Promise<void> {
  await using sink = await startSink();
  await run(sink);
}

describe('a function with K_SINK', () => {
  for (const structured of [false, true]) {
    test(`emits all events before an empty 204 (${structured ? 'structured' : 'binary'})`, () =>
      withSink(async (sink) => {
        await using running = await start(
          { emitsMany: true, handle: async () => [failed('a'), failed('b')] },
          { K_SINK: sink.url },
        );
        const response = await post(running.url, toEnvelope(request), structured);
        assert.equal(response.status, 204);
        assert.equal(await response.text(), '');
        assert.deepEqual(
          sink.received.map(({ attributes }) => attributes.id),
          ['a', 'b'],
        );
        assert.equal(sink.received[0]?.attributes.datacontenttype, 'application/json');
      }));
  }

  test('answers 503 when the sink refuses, so that the event comes again', () =>
    withSink(async (sink) => {
      await using running = await start({ handle: async () => [failed('a')] }, { K_SINK: sink.url });
      for (const status of [500, 404]) {
        sink.statuses.push(status);
        assert.equal((await post(running.url, toEnvelope(request))).status, 503);
      }
      assert.equal((await post(running.url, toEnvelope(request))).status, 204);
      assert.equal(sink.received.length, 1);
    }));

  test('adds the extensions of K_CE_OVERRIDES, and takes an empty one', () =>
    withSink(async (sink) => {
      const env = { K_SINK: sink.url, K_CE_OVERRIDES: '{"extensions":{"team":"blue"}}' };
      await using running = await start({ handle: async () => [failed('a')] }, env);
      await post(running.url, toEnvelope(request));
      assert.equal(sink.received[0]?.attributes.team, 'blue');
      await using other = await start({}, { K_SINK: sink.url, K_CE_OVERRIDES: '' });
      assert.equal((await post(other.url, toEnvelope(request))).status, 204);
    }));

  test('an event that can never work becomes experiment.failed, with an id derived from it', () =>
    withSink(async (sink) => {
      const handle = async () => {
        throw new RejectedError('DIVERGED', 'Loss not finite');
      };
      await using running = await start({ handle }, { K_SINK: sink.url });
      for (let times = 0; times < 2; times++) assert.equal((await post(running.url, toEnvelope(request))).status, 204);
      const [first, second] = sink.received;
      assert.equal(first?.attributes.type, 'experiment.failed');
      assert.equal(first?.attributes.subject, 'x');
      assert.equal(first?.attributes.id, derivedId(request, experimentFailed));
      assert.equal(second?.attributes.id, first?.attributes.id);
      assert.deepEqual(JSON.parse(String(first?.body)), {
        stage: 'echo',
        code: 'DIVERGED',
        reason: 'Loss not finite',
        cause: { type: 'experiment.requested', source: '/test', id: '1' },
      });
    }));

  test('data that the schema refuses become experiment.failed, with the sentence', () =>
    withSink(async (sink) => {
      await using running = await start({}, { K_SINK: sink.url });
      const { attributes } = toEnvelope(request);
      const bodies = ['{"dataset":{"dims":1}}', '{', `${'['.repeat(10_000)}`];
      for (const body of bodies)
        assert.equal((await post(running.url, { attributes, body: Buffer.from(body) })).status, 204);
      const reasons = sink.received.map(({ body }) => JSON.parse(String(body)).reason);
      assert.equal(reasons[0], 'experiment.requested: Wrong value 1 at dataset.dims: expected an integer from 2 to 64');
      assert.match(reasons[1], /are no JSON/);
    }));
});

describe('a function without K_SINK', () => {
  test('gives its one event back as the reply', async () => {
    await using running = await start({ handle: async () => [failed('a')] });
    const response = await post(running.url, toEnvelope(request));
    assert.equal(response.status, 200);
    assert.equal(response.headers.get('ce-id'), 'a');
    assert.deepEqual(await response.json(), experimentFailed.example);
    const { status, headers, body } = await running.take(writeBinary(toEnvelope(request)));
    assert.equal(status, 200);
    assert.equal(headers?.['ce-id'], 'a');
    assert.deepEqual(JSON.parse(String(body)), experimentFailed.example);
  });

  test('does not start when it emits several', async () => {
    await assert.rejects(start({ emitsMany: true }), /Missing K_SINK: echo emits several events/);
  });
});

describe('what is answered', () => {
  const statusOf = async (definition: Partial<FunctionDefinition>, envelope = toEnvelope(request)) => {
    await using running = await start(definition);
    const response = await post(running.url, envelope);
    const body = await response.text();
    const taken = await running.take(writeBinary(envelope));
    assert.deepEqual(
      [taken.status, String(taken.body ?? '')],
      [response.status, body],
      'the same without a connection',
    );
    return body === '' ? response.status : `${response.status} ${body}`;
  };
  const throwing = (error: Error) => ({
    handle: async () => {
      throw error;
    },
  });

  test('nothing to emit: 204', async () => assert.equal(await statusOf({}), 204));
  test('a type of no interest: 204', async () => assert.equal(await statusOf({ accepts: [] }), 204));
  test('a dependency away: 503, and the reason for the dead letter', async () =>
    assert.equal(
      await statusOf(throwing(new TransientError('STORE_UNAVAILABLE', 'away'))),
      '503 {"code":"STORE_UNAVAILABLE","message":"away"}',
    ));
  test('busy: 409', async () =>
    assert.match(String(await statusOf(throwing(new TransientError('BUSY', 'busy')))), /^409 /));
  test('our fault: 500, and nothing of it leaks', async () =>
    assert.equal(await statusOf(throwing(new Error('secret'))), 500));

  const attributes = { specversion: '1.0', id: '1', source: '/s', type: 'experiment.requested' };
  const headersOf = (change: Record<string, string | undefined>) =>
    Object.fromEntries(
      Object.entries({ ...attributes, ...change })
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [`ce-${name}`, String(value)]),
    );
  const refused: readonly [string, Record<string, string>, string, number][] = [
    ['no id', headersOf({ id: undefined }), '{}', 400],
    ['no source', headersOf({ source: undefined }), '{}', 400],
    ['no type', headersOf({ type: undefined }), '{}', 400],
    ['no specversion', headersOf({ specversion: undefined }), '{}', 400],
    ['specversion 2.0', headersOf({ specversion: '2.0' }), '{}', 400],
    ['no CloudEvent', { 'content-type': 'application/json' }, '{}', 400],
    ['structured, cut off', { 'content-type': 'application/cloudevents+json' }, '{"id":', 400],
    ['a batch', { 'content-type': 'application/cloudevents-batch+json' }, '[]', 400],
    ['two megabytes', headersOf({}), 'x'.repeat(2 * 1024 * 1024), 413],
  ];
  for (const [what, headers, body, status] of refused) {
    test(`${what}: ${status} with an empty body, and no handler runs`, async () => {
      let handled = 0;
      await using running = await start({
        handle: async () => {
          handled++;
          return [];
        },
      });
      const response = await fetch(running.url, { method: 'POST', headers, body });
      assert.equal(response.status, status);
      assert.equal(await response.text(), '');
      assert.deepEqual(await running.take({ headers, body: Buffer.from(body) }), { status });
      assert.equal(handled, 0);
    });
  }

  test('another method: 405 naming POST; another path: 404', async () => {
    await using running = await start({});
    const response = await fetch(running.url);
    assert.equal(response.status, 405);
    assert.equal(response.headers.get('allow'), 'POST');
    assert.equal((await fetch(`${running.url}/x`)).status, 404);
  });

  test('probes and metrics', async () => {
    await using running = await start({});
    for (const path of ['/healthz', '/readyz', '/health/liveness', '/health/readiness']) {
      assert.equal((await fetch(running.url + path)).status, 200, path);
    }
    await post(running.url, toEnvelope(request));
    const text = await (await fetch(`${running.url}/metrics`)).text();
    assert.match(text, /xorflow_events_total\{type="experiment\.requested",outcome="handled"\} 1/);
  });
});

test('an event whose twin is being handled gets 409; one that comes later is handled again', async () => {
  const { promise: release, resolve } = Promise.withResolvers<void>();
  const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
  let handled = 0;
  await using running = await start({
    handle: async () => {
      handled++;
      enter();
      await release;
      return [failed('same')];
    },
  });
  const first = post(running.url, toEnvelope(request));
  await entered;
  assert.equal((await post(running.url, toEnvelope(request))).status, 409);
  resolve();
  assert.equal((await first).headers.get('ce-id'), 'same');
  assert.equal((await post(running.url, toEnvelope(request))).headers.get('ce-id'), 'same');
  assert.equal(handled, 2);
});

test('closing turns readiness off, lets the request in flight finish, and refuses new connections', async () => {
  const { promise: release, resolve } = Promise.withResolvers<void>();
  const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
  const running = await start({
    handle: async () => {
      enter();
      await release;
      return [];
    },
  });
  const first = post(running.url, toEnvelope(request));
  await entered;
  const closing = running.close();
  await assert.rejects(fetch(running.url));
  resolve();
  assert.equal((await first).status, 204);
  await closing;
});

test('after the grace, work in flight is given up with 503', async () => {
  const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
  const running = await start({
    handle: async (_event, { signal }) => {
      enter();
      await once(signal, 'abort');
      throw new TransientError('BUSY', 'given up');
    },
  });
  const first = post(running.url, toEnvelope(request));
  await entered;
  await running.close(10);
  assert.equal((await first).status, 409);
});

test('closing waits for what was handed over, gives it up after the grace, and leaves what heeds nothing', async () => {
  for (const [graceMs, outcome] of [
    [undefined, 204],
    [10, 409],
    [0, 'still in work'],
  ] as const) {
    const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
    const { promise: release, resolve } = Promise.withResolvers<void>();
    const running = await start({
      handle: async (_event, { signal }) => {
        enter();
        await (graceMs === 10 ? once(signal, 'abort') : release);
        if (signal.aborted) throw new TransientError('BUSY', 'given up');
        return [];
      },
    });
    let answered: number | string = 'still in work';
    const first = running.take(writeBinary(toEnvelope(request))).then(({ status }) => {
      answered = status;
    });
    await entered;
    const closing = running.close(graceMs);
    assert.deepEqual(await running.take(writeBinary(toEnvelope(request))), { status: 503 }, 'nothing new is taken');
    if (graceMs === undefined) resolve();
    await closing;
    assert.equal(answered, outcome);
    resolve();
    await first;
  }
});

test('a wrong environment is named: variable, value and what is allowed', async () => {
  await assert.rejects(start({}, { PORT: 'http' }), /Wrong value "http" in PORT: expected an integer from 0 to 65535/);
  for (const [name, value, rule] of [
    ['XORFLOW_RETENTION', 'P1M', /: expected a duration of an hour or more, such as P7D, PT12H or 3600/],
    ['XORFLOW_RETENTION', '3599', /: expected a duration of an hour or more/],
    ['XORFLOW_ARTIFACT_LIMIT', '1MB', /: expected bytes, such as 268435456, 256Mi or 1Gi/],
  ] as const) {
    await assert.rejects(start({}, { [name]: value }), (error: Error) => {
      assert.match(error.message, new RegExp(`^Wrong value "${value}" in ${name}${rule.source}`));
      return true;
    });
  }
  await assert.rejects(start({}, { K_CE_OVERRIDES: '{' }), /Wrong value "\{" in K_CE_OVERRIDES/);
  await assert.rejects(
    serve({ name: 'echo', accepts: [], emitsMany: false, handle: async () => [] }, { PORT: '0' }),
    /Missing XORFLOW_STORE: expected embedded:<folder>, redis:/,
  );
});

test('a function whose store is away is alive and not ready, until the store answers', async () => {
  const { logs, ...store } = makeMemoryStore();
  let isAway = true;
  const read: typeof logs.read = async (...args) => {
    if (isAway) throw new TransientError('STORE_UNAVAILABLE', 'away');
    return logs.read(...args);
  };
  await using running = await serve(
    { name: 'echo', accepts: ['experiment.requested'], emitsMany: false, handle: async () => [] },
    silent,
    { store: { ...store, logs: { ...logs, read } } },
  );
  const statusOf = async (path: string) => (await fetch(`${running.url}${path}`)).status;
  assert.equal(await statusOf('/health/liveness'), 200);
  assert.equal(await statusOf('/health/readiness'), 503);
  assert.equal((await post(running.url, toEnvelope(request))).status, 503);
  isAway = false;
  while ((await statusOf('/health/readiness')) !== 200) await sleep(20);
  assert.equal((await post(running.url, toEnvelope(request))).status, 204);
});

test('a port in use is named', async () => {
  await using running = await start({});
  await assert.rejects(
    start({}, { PORT: String(running.port) }),
    new RegExp(`Port ${running.port} on 127\\.0\\.0\\.1 is in use`),
  );
});

test('a process of its own ends with 0 on SIGTERM, and tells what is wrong with its environment', async () => {
  const entry = fileURLToPath(new URL('../../support/fixtures/echo.ts', import.meta.url));
  const child = spawn(process.execPath, [entry], {
    env: { ...process.env, ...silent, LOG_LEVEL: 'info', XORFLOW_STORE: 'embedded:/proc/none' },
  });
  let text = '';
  child.stderr.on('data', (chunk) => {
    text += chunk;
  });
  assert.equal((await once(child, 'exit'))[0], 1);
  assert.match(text, /^echo: Cannot open the store \/proc\/none/m);
});
