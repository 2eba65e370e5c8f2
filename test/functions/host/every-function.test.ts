import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Envelope, writeBinary, writeStructured } from '../../../events/envelope.ts';
import { TransientError } from '../../../events/errors.ts';
import type { FunctionDefinition } from '../../../functions/host/function.ts';
import { serve } from '../../../functions/host/serve.ts';
import type { Store } from '../../../functions/store/port.ts';
import { DEFINITIONS, exampleOf, post, postEvent, typesOf, verdictOf } from '../../support/functions.ts';
import { makeMemoryStore } from '../../support/memory-store.ts';
import { type Sink, startSink } from '../../support/sink.ts';

interface Rig extends AsyncDisposable {
  readonly url: string;
  readonly sink: Sink;
}

/** A function that serves over real sockets, its store in memory, its events to a sink. */
async function startRig(
  definition: FunctionDefinition,
  store: Store & { arm?(): void } = makeMemoryStore(),
): Promise<Rig> {
  const sink = await startSink();
  const env = {
    PORT: '0',
    XORFLOW_STORE: 'embedded:unused',
    LOG_LEVEL: 'silent',
    K_SINK: sink.url,
    K_CE_OVERRIDES: '',
  };
  const running = await serve(definition, env, { store, print: () => undefined });
  store.arm?.();
  return {
    url: running.url,
    sink,
    async [Symbol.asyncDispose]() {
      await running.close(1_000);
      await sink[Symbol.asyncDispose]();
    },
  };
}

/** What was emitted, but for the time of it. */
function emitted({ received }: Sink) {
  return received.map(({ attributes: { time: _, ...attributes }, body }) => ({
    attributes,
    // How long a training took is the one thing that differs when it is done again.
    body: body.toString().replace(/"durationMs":[\d.]+/, '"durationMs":0'),
  }));
}

/** A store every operation of which, once the function is ready, first does as it is told. */
function guarded(store: Store, before: () => Promise<void> | void): Store & { arm(): void } {
  let isArmed = false;
  const guard = <T extends object>(port: T): T =>
    new Proxy(port, {
      get(target, name) {
        const operation: unknown = Reflect.get(target, name);
        if (typeof operation !== 'function' || name === 'follow') return operation;
        return async (...args: unknown[]) => {
          if (isArmed) await before();
          return Reflect.apply(operation, target, args) as unknown;
        };
      },
    });
  const arm = () => {
    isArmed = true;
  };
  return { ...store, artifacts: guard(store.artifacts), logs: guard(store.logs), arm };
}

/** One event in every spelling that is legal and means the same. */
function spellingsOf(envelope: Envelope): Record<string, { headers: Record<string, string>; body: Buffer }> {
  const binary = writeBinary(envelope);
  const structured = writeStructured(envelope);
  const typed = (contentType: string, message = binary) => ({
    ...message,
    headers: { ...message.headers, 'content-type': contentType },
  });
  const { 'content-type': _, ...untyped } = binary.headers;
  const { datacontenttype: __, ...attributes } = envelope.attributes;
  return {
    binary,
    'binary; charset=UTF-8': typed('application/json; charset=UTF-8'),
    'binary;charset=utf-8': typed('application/json;charset=utf-8'),
    'binary Application/JSON': typed('Application/JSON'),
    'binary without content-type': { headers: untyped, body: binary.body },
    structured,
    'structured; charset=UTF-8': typed('application/cloudevents+json; charset=UTF-8', structured),
    'structured;charset=utf-8': typed('application/cloudevents+json;charset=utf-8', structured),
    'structured without datacontenttype': writeStructured({ ...envelope, attributes }),
  };
}

const JSON_TYPE = { 'content-type': 'application/json' };
const STRUCTURED = { 'content-type': 'application/cloudevents+json' };

/** Requests that are no event, made of one that is. */
function invalidOf(envelope: Envelope): Record<string, { headers: Record<string, string>; body: Buffer | string }> {
  const { headers, body } = writeBinary(envelope);
  const without = (name: string) => ({
    headers: Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name)),
    body,
  });
  const members = (change: object) => JSON.stringify({ ...envelope.attributes, data: {}, ...change });
  return {
    'no id': without('ce-id'),
    'no source': without('ce-source'),
    'no type': without('ce-type'),
    'no specversion': without('ce-specversion'),
    'specversion 2.0': { headers: { ...headers, 'ce-specversion': '2.0' }, body },
    'no event at all': { headers: JSON_TYPE, body },
    'structured without id': { headers: STRUCTURED, body: members({ id: undefined }) },
    'structured without specversion': { headers: STRUCTURED, body: members({ specversion: undefined }) },
    'structured, cut off': { headers: STRUCTURED, body: '{"specversion":"1.0",' },
    'a batch': { headers: { 'content-type': 'application/cloudevents-batch+json' }, body: `[${members({})}]` },
    'letters beyond ASCII': { headers: STRUCTURED, body: members({ subject: 'żó' }) },
    'a line break in an attribute': { headers: STRUCTURED, body: members({ subject: 'a\r\nce-x: b' }) },
    'a time that is none': { headers: { ...headers, 'ce-time': 'yesterday' }, body },
  };
}

/** The kinds of data that the conformance suite of CloudEvents sends. */
const CONFORMANCE: readonly [string, string][] = [
  ['text/plain', 'plain ascii'],
  ['text/plain; charset=utf-8', 'world 🌎'],
  ['application/json', '"a string"'],
  ['application/json', '{"an":"object"}'],
  ['application/json', '["an","array"]'],
  ['application/xml', '<an>element</an>'],
];

// `runs` works on a server elsewhere and keeps nothing in the store: it has tests of its own.
for (const definition of DEFINITIONS.filter(({ name }) => name !== 'runs')) {
  const { name } = definition;
  const types = typesOf(definition);
  const type = types.at(-1) ?? 'experiment.requested';
  const example = exampleOf(type);

  describe(`the function ${name}`, () => {
    for (const each of types) {
      test(`understands ${each} in every legal spelling alike, and acknowledges it with nothing`, async () => {
        const results = [];
        for (const [spelling, message] of Object.entries(spellingsOf(exampleOf(each)))) {
          await using rig = await startRig(definition);
          const response = await post(rig.url, message);
          assert.equal(response.status, 204, spelling);
          assert.equal(await verdictOf(response), 'done', spelling);
          results.push(emitted(rig.sink));
        }
        for (const result of results) assert.deepEqual(result, results[0]);
      });
    }

    test('acknowledges data of every kind that it has no use for, and emits nothing', async () => {
      await using rig = await startRig(definition);
      for (const [index, [datacontenttype, text]] of CONFORMANCE.entries()) {
        const attributes = {
          specversion: '1.0',
          id: `${index}`,
          source: '/conformance',
          type: 'com.example',
          datacontenttype,
        };
        const envelope = { attributes, body: Buffer.from(text) };
        for (const message of [writeBinary(envelope), writeStructured(envelope)]) {
          assert.equal(await verdictOf(await post(rig.url, message)), 'done', text);
        }
      }
      assert.equal(rig.sink.received.length, 0);
    });

    test('refuses what is no event with 400, an empty body and no trace; the broker does not try again', async () => {
      let touched = 0;
      const store = guarded(makeMemoryStore(), () => void touched++);
      await using rig = await startRig(definition, store);
      for (const [what, message] of Object.entries(invalidOf(example))) {
        const response = await post(rig.url, message);
        assert.equal(response.status, 400, what);
        assert.equal(response.headers.get('content-length') ?? '0', '0', what);
        assert.equal(await verdictOf(response), 'dead letter', what);
      }
      const huge = await post(rig.url, { headers: writeBinary(example).headers, body: 'x'.repeat(2 * 1024 * 1024) });
      assert.equal(huge.status, 413);
      const put = await fetch(rig.url, { method: 'PUT' });
      assert.equal(put.status, 405);
      assert.match(put.headers.get('allow') ?? '', /\bPOST\b/);
      assert.deepEqual([touched, rig.sink.received.length], [0, 0]);
    });

    test('emits the same ids and data for an event that comes twice', async () => {
      await using rig = await startRig(definition);
      assert.equal(await verdictOf(await postEvent(rig.url, example)), 'done');
      const once = emitted(rig.sink);
      assert.equal(await verdictOf(await postEvent(rig.url, example)), 'done');
      const again = emitted(rig.sink).slice(once.length);
      assert.ok(again.length === 0 || JSON.stringify(again) === JSON.stringify(once), JSON.stringify(again));
    });

    test('answers 409 to the twin of an event in flight, which the broker tries again', async () => {
      const { promise: open, resolve: release } = Promise.withResolvers<void>();
      const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
      const store = guarded(makeMemoryStore(), () => {
        enter();
        return open;
      });
      await using rig = await startRig(definition, store);
      const first = postEvent(rig.url, example);
      await entered;
      const twin = await postEvent(rig.url, example);
      assert.equal(twin.status, 409);
      assert.equal(await verdictOf(twin), 'retried');
      assert.equal(rig.sink.received.length, 0);
      release();
      assert.equal(await verdictOf(await first), 'done');
    });

    test('answers 503 while its store is away, emits nothing, and does its work when it is back', async () => {
      let isAway = true;
      const store = guarded(makeMemoryStore(), () => {
        if (isAway) throw new TransientError('STORE_UNAVAILABLE', 'away');
      });
      await using rig = await startRig(definition, store);
      const response = await postEvent(rig.url, example);
      assert.equal(response.status, 503);
      assert.equal(await verdictOf(response), 'retried');
      assert.equal(rig.sink.received.length, 0);
      isAway = false;
      assert.equal(await verdictOf(await postEvent(rig.url, example)), 'done');
    });

    if (definition.accepts !== 'all') {
      test('makes experiment.failed of data that can never be right, and tries nothing again', async () => {
        await using rig = await startRig(definition);
        assert.equal(await verdictOf(await postEvent(rig.url, { ...example, body: Buffer.from('{"no":1}') })), 'done');
        const [failure, ...others] = rig.sink.received;
        assert.equal(failure?.attributes.type, 'experiment.failed');
        assert.equal(failure?.attributes.subject, 'x');
        assert.equal(others.length, 0);
      });

      test('is tried again when the broker does not take what it emits', async () => {
        await using rig = await startRig(definition);
        rig.sink.answer = 500;
        const bad = { ...example, body: Buffer.from('{"no":1}') };
        const response = await postEvent(rig.url, bad);
        assert.equal(response.status, 503);
        assert.equal(await verdictOf(response), 'retried');
        rig.sink.answer = 202;
        assert.equal(await verdictOf(await postEvent(rig.url, bad)), 'done');
        assert.equal(rig.sink.received.length, 1);
      });
    }

    if (!definition.emitsMany) {
      test('without K_SINK answers nothing or the one event that came of it', async () => {
        const env = { PORT: '0', XORFLOW_STORE: 'embedded:unused', LOG_LEVEL: 'silent', K_SINK: '' };
        await using running = await serve(definition, env, { store: makeMemoryStore(), print: () => undefined });
        const verdict = await verdictOf(await postEvent(running.url, example));
        if (verdict === 'done') return;
        assert.ok(typeof verdict === 'object', String(verdict));
        assert.equal(verdict.attributes.source, `/xorflow/${name}`);
      });
    }

    test('given up in the middle of its work it emits nothing, and its event comes again', async () => {
      const { promise: entered, resolve: enter } = Promise.withResolvers<void>();
      const { promise: never } = Promise.withResolvers<void>();
      const store = guarded(makeMemoryStore(), () => {
        enter();
        return never;
      });
      const sink = await startSink();
      const env = { PORT: '0', XORFLOW_STORE: 'embedded:unused', LOG_LEVEL: 'silent', K_SINK: sink.url };
      const running = await serve(definition, env, { store, print: () => undefined });
      store.arm();
      // The broker tries again what is cut off, too: a store that never answers leaves nothing else.
      const answer = postEvent(running.url, example).then(verdictOf, () => 'retried');
      await entered;
      await running.close(20);
      assert.equal(await answer, 'retried');
      assert.equal(sink.received.length, 0);
      await sink[Symbol.asyncDispose]();
    });
  });
}
