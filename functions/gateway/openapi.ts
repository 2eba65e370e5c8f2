import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { collectDefinitions, type JsonSchema, jsonSchemaOf } from '../../events/json-schema.ts';
import { PROBLEM_TYPE, problemSchema } from './problem.ts';
import type { Answer, Route } from './route.ts';

/** Every route as an OpenAPI 3.1 document, from the schemas that validate its requests. */
export function openApiDocument(routes: readonly Route[], { version }: { readonly version: string }): JsonSchema {
  const schemas = collectDefinitions('#/components/schemas');
  const schemaOf = (schema: z.ZodType | 'bytes' | 'text') =>
    schema instanceof z.ZodType ? { schema: schemas.take(jsonSchemaOf(schema)) } : {};
  const contentOf = (content: Readonly<Record<string, z.ZodType | 'bytes' | 'text'>>) =>
    Object.fromEntries(Object.entries(content).map(([type, schema]) => [type, schemaOf(schema)]));
  const problem = contentOf({ [PROBLEM_TYPE]: problemSchema });

  function operation(route: Route): JsonSchema {
    const statuses = [400, ...(route.problems ?? []), 403, 500, 503];
    const problems = statuses.map((status) => [status, { description: STATUS_CODES[status], content: problem }]);
    return {
      operationId: route.operationId,
      summary: route.summary,
      parameters: parametersOf(route),
      ...(route.body && { requestBody: { required: true, content: contentOf(route.body) } }),
      responses: Object.fromEntries([
        ...Object.entries(route.answers).map(([status, answer]) => [status, response(answer)]),
        ...problems,
      ]),
    };
  }

  function response({ description, content, headers }: Answer): JsonSchema {
    return {
      description,
      ...(headers && {
        headers: Object.fromEntries(
          Object.entries(headers).map(([name, meaning]) => [
            name,
            { description: meaning, schema: { type: 'string' } },
          ]),
        ),
      }),
      ...(content && { content: contentOf(content) }),
    };
  }

  const paths = Object.fromEntries(
    Map.groupBy(routes, (route) => route.path)
      .entries()
      .map(([path, group]) => [path, Object.fromEntries(group.map((route) => [route.method, operation(route)]))]),
  );
  return {
    openapi: '3.1.0',
    info: {
      title: 'xorflow',
      version,
      description:
        'Asks for experiments, follows them, and gives their results. The events behind are in /asyncapi.json.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: { schemas: schemas.definitions },
  };
}

function parametersOf({ params, query, headers }: Route): readonly JsonSchema[] {
  const output = (schema: z.core.$ZodType) => {
    const { $schema: _dialect, description, ...rest } = z.toJSONSchema(schema as z.ZodType, { io: 'output' });
    return { schema: rest, ...(description !== undefined && { description }) };
  };
  return [
    ...Object.entries(params.shape).map(([name, schema]) => ({ name, in: 'path', required: true, ...output(schema) })),
    ...Object.entries(query.shape).map(([name, schema]) => ({ name, in: 'query', required: false, ...output(schema) })),
    ...Object.entries(headers ?? {}).map(([name, description]) => ({
      name,
      in: 'header',
      required: false,
      description,
      schema: { type: 'string' },
    })),
  ];
}
