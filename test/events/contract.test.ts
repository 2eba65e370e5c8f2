import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type CloudEvent, HTTP } from 'cloudevents';
import fc from 'fast-check';
import { derivedId, MAX_EVENT_BYTES, makeEvent } from '../../events/define.ts';
import { readEnvelope, writeBinary, writeStructured } from '../../events/envelope.ts';
import { RejectedError } from '../../events/errors.ts';
import { derive, experimentIdOf, experimentIdSchema, keyOf } from '../../events/ids.ts';
import { isTooDeep } from '../../events/json.ts';
import { eventFromJson, looseEvent, parseEvent, toEnvelope } from '../../events/read.ts';
import {
  CATALOGUE,
  definitionOf,
  experimentFailed,
  experimentRequested,
  type KnownEvent,
  trialCompleted,
} from '../../events/registry.ts';
import { specSchema } from '../../events/spec.ts';

function exampleOf(definition: (typeof CATALOGUE)[number]): KnownEvent {
  const make = makeEvent as (definition: unknown, event: unknown) => KnownEvent;
  return make(definition, { source: '/xorflow/test', id: 'id-1', subject: 'xor-1', data: definition.example });
}

for (const definition of CATALOGUE) {
  test(`the example of ${definition.type} is a valid event that comes back the same in both modes`, () => {
    const event = exampleOf(definition);
    const envelope = toEnvelope(event);
    for (const write of [writeBinary, writeStructured]) {
      const { headers, body } = write(envelope);
      const read = parseEvent(readEnvelope(headers, body));
      assert.deepEqual(JSON.parse(JSON.stringify(read)), JSON.parse(JSON.stringify(event)));
    }
    assert.deepEqual(
      JSON.parse(JSON.stringify(eventFromJson(JSON.stringify(event)))),
      JSON.parse(JSON.stringify(event)),
    );
  });

  test(`the CloudEvents SDK writes ${definition.type} as we read it`, () => {
    const event = exampleOf(definition);
    for (const message of [HTTP.binary(event as CloudEvent<unknown>), HTTP.structured(event as CloudEvent<unknown>)]) {
      const read = parseEvent(
        readEnvelope(message.headers as Record<string, string>, Buffer.from(String(message.body))),
      );
      assert.deepEqual(read?.data, event.data);
      assert.equal(read?.id, event.id);
    }
  });
}

test('types are named noun.past-participle, each once', () => {
  const types = CATALOGUE.map(({ type }) => type);
  assert.equal(new Set(types).size, types.length);
  for (const type of types) assert.match(type, /^[a-z]+\.[a-z]+ed$/);
  assert.equal(definitionOf('no.such'), undefined);
});

test('an event over 64 KiB cannot be made', () => {
  const notes = Array.from({ length: MAX_EVENT_BYTES / 256 }, (_, index) => [`note-${index}`, 'x'.repeat(256)]);
  const data = { ...trialCompleted.example, assignments: Object.fromEntries(notes) };
  assert.throws(
    () => makeEvent(trialCompleted, { source: '/s', id: '1', subject: 's', data }),
    (error: RejectedError) =>
      error.code === 'TOO_LARGE' &&
      /Too large event trial\.completed of \d+ bytes for s: expected at most 65536/.test(error.message),
  );
});

test('data that the schema refuses make no event', () => {
  const data = { ...experimentFailed.example, stage: '' };
  assert.throws(() => makeEvent(experimentFailed, { source: '/s', id: '1', subject: 's', data }), RejectedError);
});

test('a spec of 100 models with long names fits into every event that carries it', () => {
  const models = Array.from({ length: 100 }, (_, index) => ({
    name: `${'m'.repeat(60)} ${index}`,
    hidden: Array(8).fill(1024),
  }));
  const event = makeEvent(experimentRequested, {
    source: '/s',
    id: '1',
    subject: 's',
    data: specSchema.parse({ models }),
  });
  assert.ok(Buffer.byteLength(JSON.stringify(event)) < MAX_EVENT_BYTES / 2);
});

test('a request without data, with other data and of an unknown type are told apart', () => {
  const attributes = { specversion: '1.0', id: '1', source: '/s', type: 'experiment.requested' };
  const read = (body: string, more = {}) =>
    parseEvent({ attributes: { ...attributes, ...more }, body: Buffer.from(body) });
  assert.throws(() => read(''), /no JSON/);
  assert.throws(
    () => read('{"dataset":{"dims":1}}'),
    /^.*RejectedError.*|experiment\.requested: Wrong value 1 at dataset\.dims/,
  );
  assert.throws(() => read('{}', { datacontenttype: 'text/plain' }), /Wrong value "text\/plain" at datacontenttype/);
  assert.equal(read('{}', { type: 'no.such' }), undefined);
  assert.equal(read('{}', { datacontenttype: 'application/json; charset=UTF-8' })?.type, 'experiment.requested');
});

test('data nested too deep are refused in a sentence, and kept as bytes by a recorder', () => {
  const attributes = { specversion: '1.0', id: '1', source: '/s', type: 'experiment.requested', subject: 'x' };
  for (const text of [`${'['.repeat(10_000)}${']'.repeat(10_000)}`, `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`]) {
    const envelope = { attributes, body: Buffer.from(text) };
    assert.throws(
      () => parseEvent(envelope),
      /Too deeply nested data of experiment\.requested: expected JSON of at most 100 levels/,
    );
    assert.equal(String(toEnvelope(looseEvent(envelope)).body), text);
  }
  assert.ok(!isTooDeep(JSON.stringify({ text: '['.repeat(1000) })));
});

test('a recorder keeps events that nobody understands', () => {
  const attributes = { specversion: '1.0', id: '1', source: '/s', type: 'no.such', subject: 'x', colour: 'red' };
  const bytes = Buffer.from([0, 255, 1]);
  const kept = looseEvent({ attributes: { ...attributes, datacontenttype: 'image/png' }, body: bytes });
  assert.deepEqual(toEnvelope(kept).body, bytes);
  assert.equal(kept.colour, 'red');
  assert.equal(eventFromJson(JSON.stringify(kept)), undefined);
});

test('ids depend on every part and on nothing else', () => {
  const cause = { source: '/a', id: '1' };
  assert.equal(derivedId(cause, experimentFailed), derivedId({ ...cause }, experimentFailed));
  assert.notEqual(derivedId(cause, experimentFailed, 0), derivedId(cause, experimentFailed, 1));
  assert.notEqual(derivedId(cause, experimentFailed), derivedId(cause, experimentRequested));
  assert.match(derivedId(cause, experimentFailed), /^[0-9a-f]{32}$/);
  fc.assert(
    fc.property(fc.array(fc.string()), fc.array(fc.string()), (left, right) => {
      assert.equal(derive(...left) === derive(...right), JSON.stringify(left) === JSON.stringify(right));
    }),
  );
  assert.notEqual(keyOf({ source: '/a', id: 'b' }), keyOf({ source: '/', id: 'ab' }));
});

test('an experiment is named by its subject, else by source and id', () => {
  assert.equal(experimentIdOf({ source: '/a', id: '1', subject: 'mine' }), 'mine');
  const derived = experimentIdOf({ source: '/a', id: '1' });
  assert.match(derived, /^xor-[0-9a-f]{12}$/);
  assert.notEqual(derived, experimentIdOf({ source: '/b', id: '1' }));
  for (const bad of ['', '../x', 'a b', 'x'.repeat(64), '-a', 'a\n'])
    assert.ok(!experimentIdSchema.safeParse(bad).success, bad);
});
