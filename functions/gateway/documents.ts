import { z } from 'zod';
import { asyncApiDocument } from '../../events/asyncapi.ts';
import { dataSchemaOf, eventSchemaOf, type JsonSchema } from '../../events/json-schema.ts';
import { CATALOGUE, definitionOf } from '../../events/registry.ts';
import packageJson from '../../package.json' with { type: 'json' };
import { openApiDocument } from './openapi.ts';
import { Problem } from './problem.ts';
import { defineRoute, type Route } from './route.ts';

const { version } = packageJson;
const document = z.looseObject({});

/** The routes that describe all routes, themselves included. */
export function documentRoutes(routes: () => readonly Route[]): readonly Route[] {
  const openApi = once(() => openApiDocument(routes(), { version }));
  const asyncApi = once(() => asyncApiDocument({ version }));
  return [
    documentRoute('/openapi.json', 'getOpenApi', 'This API as an OpenAPI 3.1 document', openApi),
    documentRoute('/asyncapi.json', 'getAsyncApi', 'Every event as an AsyncAPI 3.0 document', asyncApi),
    schemaRoute('/schemas/{file}', 'getSchema', 'The JSON Schema of the data of an event type', dataSchemaOf),
    schemaRoute(
      '/schemas/cloudevent/{file}',
      'getEventSchema',
      'The JSON Schema of a whole CloudEvent of a type in structured mode',
      eventSchemaOf,
    ),
  ];
}

function documentRoute(path: string, operationId: string, summary: string, make: () => JsonSchema): Route {
  return defineRoute({
    method: 'get',
    path,
    operationId,
    summary,
    answers: { 200: { description: 'The document', content: { 'application/json': document } } },
    handle: ({ response }) => void response.set('cache-control', 'no-cache').json(make()),
  });
}

function schemaRoute(path: string, operationId: string, summary: string, make: typeof dataSchemaOf): Route {
  return defineRoute({
    method: 'get',
    path,
    operationId,
    summary,
    params: z.strictObject({
      file: z.string().regex(/^[a-z.]+\.json$/, 'expected the name of an event type and .json'),
    }),
    answers: { 200: { description: 'The schema (2020-12)', content: { 'application/schema+json': document } } },
    problems: [404],
    handle({ params: { file }, response }) {
      const definition = definitionOf(file.slice(0, -'.json'.length));
      if (!definition) {
        const types = CATALOGUE.map(({ type }) => `${type}.json`).join(', ');
        throw new Problem(404, `No schema ${JSON.stringify(file)}: expected one of ${types}`);
      }
      response
        .set('cache-control', 'no-cache')
        .type('application/schema+json')
        .send(JSON.stringify(make(definition)));
    },
  });
}

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
