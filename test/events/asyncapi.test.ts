import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { asyncApiDocument } from '../../events/asyncapi.ts';
import { CATALOGUE } from '../../events/registry.ts';

type Json = { readonly [key: string]: Json };
const document = asyncApiDocument({ version: '1.2.3' }) as Json;

function* nodes(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const item of Object.values(value)) yield* nodes(item);
}

test('every type of the catalogue has a channel, an operation and a message, and there are no others', () => {
  const types = CATALOGUE.map(({ type }) => type as string);
  assert.deepEqual(
    Object.values(document.channels ?? {}).map(({ address }) => address as unknown),
    types,
  );
  assert.deepEqual(
    Object.values(document.components?.messages ?? {}).map(({ name }) => name as unknown),
    types,
  );
  assert.equal(Object.keys(document.operations ?? {}).length, types.length);
});

test('only what begins a chain is received from outside', () => {
  const received = Object.entries(document.operations ?? {}).filter(([, { action }]) => String(action) === 'receive');
  assert.deepEqual(
    received.map(([name]) => name),
    ['experimentRequested', 'trialRequested'],
  );
});

test('every reference of the document leads somewhere', () => {
  const references = [...nodes(document)].flatMap(({ $ref }) => (typeof $ref === 'string' ? [$ref] : []));
  assert.ok(references.length > CATALOGUE.length);
  for (const reference of references) {
    const target = reference
      .slice(2)
      .split('/')
      .reduce<unknown>((node, key) => (node as Json | undefined)?.[key], document);
    assert.ok(target, reference);
  }
});

test('the examples of every message are valid by its schemas of headers and payload', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  for (const message of Object.values(document.components?.messages ?? {})) {
    const examples = message.examples as unknown as { headers: unknown; payload: unknown }[];
    for (const part of ['headers', 'payload'] as const) {
      const validate = ajv.compile({ ...message[part], components: document.components });
      for (const example of examples) {
        assert.ok(validate(example[part]), `${String(message.name)} ${part}: ${JSON.stringify(validate.errors)}`);
      }
    }
  }
});
