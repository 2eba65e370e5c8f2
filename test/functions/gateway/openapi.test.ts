import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { CATALOGUE } from '../../../events/registry.ts';
import { openApiDocument } from '../../../functions/gateway/openapi.ts';
import { ROUTES } from '../../../functions/gateway/routes.ts';
import { chainOf, type Gateway, recordAll, startGateway } from './harness.ts';

type Json = { readonly [key: string]: Json };

const document = openApiDocument(ROUTES, { version: '1.2.3' }) as Json;
let gateway: Gateway;
before(async () => {
  gateway = await startGateway();
  await recordAll(gateway.store, await chainOf(gateway.store, 'xor-1'));
});
after(() => gateway[Symbol.asyncDispose]());

function* nodes(value: unknown): Generator<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return;
  if (!Array.isArray(value)) yield value as Record<string, unknown>;
  for (const item of Object.values(value)) yield* nodes(item);
}

function resolve(reference: string): unknown {
  return reference
    .slice(2)
    .split('/')
    .reduce<unknown>((node, key) => (node as Json | undefined)?.[key], document);
}

test('every route is an operation of the document, and every operation a route', () => {
  const documented = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  const mounted = ROUTES.map(({ method, path }) => `${method} ${path}`);
  assert.deepEqual(documented.toSorted(), mounted.toSorted());
  assert.equal(new Set(mounted).size, mounted.length);
});

test('every operation has an id of its own, a summary, its path parameters, and says what it answers', () => {
  const ids = new Set<string>();
  for (const [path, methods] of Object.entries(document.paths ?? {})) {
    for (const operation of Object.values(methods)) {
      const { operationId, summary, parameters, responses } = operation as unknown as {
        operationId: string;
        summary: string;
        parameters: { name: string; in: string }[];
        responses: Record<string, { description: string }>;
      };
      assert.ok(!ids.has(operationId), operationId);
      ids.add(operationId);
      assert.ok(summary.length > 5);
      const inPath = parameters.filter((parameter) => parameter.in === 'path').map(({ name }) => name);
      assert.deepEqual(
        inPath,
        [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name),
      );
      for (const { description } of Object.values(responses)) assert.ok(description);
      assert.ok(Object.keys(responses).some((status) => status < '400'));
    }
  }
});

test('every reference of the document leads to a schema', () => {
  const references = [...nodes(document)].flatMap(({ $ref }) => (typeof $ref === 'string' ? [$ref] : []));
  assert.ok(references.length > 10);
  for (const reference of references) assert.ok(resolve(reference), reference);
});

const answers: [string, string, number][] = [
  ['/experiments', '/experiments', 200],
  ['/experiments/{id}', '/experiments/xor-1', 200],
  ['/trials', '/trials', 200],
  ['/experiments/{id}', '/experiments/nobody', 404],
];
for (const [template, path, status] of answers) {
  test(`what ${path} answers is what the document says`, async () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    const type = status === 200 ? 'application/json' : 'application/problem+json';
    const content = document.paths?.[template]?.get?.responses?.[status]?.content?.[type];
    const validate = ajv.compile({ ...content?.schema, components: document.components });
    const { body } = await gateway.http.get(path).set('accept', 'application/json').expect(status);
    assert.ok(validate(body), JSON.stringify(validate.errors));
  });
}

test('the server gives both documents, and a schema for each type of event', async () => {
  assert.equal((await gateway.http.get('/openapi.json').expect(200)).body.openapi, '3.1.0');
  assert.equal((await gateway.http.get('/asyncapi.json').expect(200)).body.asyncapi, '3.0.0');
  for (const { type } of CATALOGUE) {
    for (const path of [`/schemas/${type}.json`, `/schemas/cloudevent/${type}.json`]) {
      const response = await gateway.http.get(path).expect(200);
      assert.equal(response.headers['content-type'], 'application/schema+json; charset=utf-8');
      assert.equal(JSON.parse(response.text ?? '').$id, path);
    }
  }
});
