import { z } from 'zod';
import type { EventDefinition } from './define.ts';
import { experimentIdSchema } from './ids.ts';

/** A JSON Schema (2020-12), as plain data. */
export type JsonSchema = { readonly [key: string]: unknown };

/** The schema of a zod type as it is written by a sender: what has a default may be left out. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { target: 'draft-2020-12', io: 'input' }) as JsonSchema;
}

/** The schema of the data of one event type; it can stand as `dataschema`. */
export function dataSchemaOf(definition: EventDefinition): JsonSchema {
  const { $schema, ...schema } = jsonSchemaOf(definition.schema);
  return { $schema, $id: `/schemas/${definition.type}.json`, title: definition.type, ...schema };
}

/** The CloudEvents attributes that every event of ours carries, as members of a structured event. */
export function attributesSchemaOf(definition: EventDefinition): JsonSchema {
  const text = { type: 'string', minLength: 1 };
  const extensions = Object.entries(definition.extensions).map(([name, description]) => [
    name,
    { ...text, description },
  ]);
  return {
    type: 'object',
    properties: {
      specversion: { const: '1.0' },
      type: { const: definition.type },
      source: { ...text, format: 'uri-reference', description: '/xorflow/<function>; from outside, anything' },
      id: { ...text, description: 'unique together with the source; derived from the event that caused this one' },
      subject: {
        ...stripped(jsonSchemaOf(experimentIdSchema)),
        description: definition.type.startsWith('trial.') ? 'the name of the trial' : 'the id of the experiment',
      },
      time: { type: 'string', format: 'date-time' },
      datacontenttype: { const: 'application/json' },
      ...Object.fromEntries(extensions),
    },
    required: ['specversion', 'type', 'source', 'id'],
  };
}

/** The schema of a whole event of one type in structured mode: attributes and `data`; unknown extensions are welcome. */
export function eventSchemaOf(definition: EventDefinition): JsonSchema {
  const { $schema, $id, $defs, title, ...data } = dataSchemaOf(definition);
  const attributes = attributesSchemaOf(definition) as { properties: JsonSchema; required: string[] };
  return {
    $schema,
    $id: `/schemas/cloudevent/${definition.type}.json`,
    title: `CloudEvent ${definition.type}`,
    description: definition.summary,
    ...attributes,
    properties: { ...attributes.properties, data },
    required: [...attributes.required, 'data'],
    ...($defs === undefined ? {} : { $defs }),
  };
}

/**
 * Takes the shared definitions out of schemas, so that a document keeps each once.
 *
 * @param place where the document keeps them, such as `#/components/schemas`
 */
export function collectDefinitions(place: string) {
  const definitions: Record<string, unknown> = {};
  return {
    definitions,
    /** The schema with its references turned to `place`. */
    take(schema: JsonSchema): JsonSchema {
      const { $defs, $schema: _dialect, $id: _id, ...rest } = schema;
      for (const [name, definition] of Object.entries(($defs ?? {}) as Record<string, JsonSchema>)) {
        definitions[name] ??= relocated(definition, place);
      }
      return relocated(rest, place) as JsonSchema;
    },
  };
}

function relocated(value: unknown, place: string): unknown {
  if (Array.isArray(value)) return value.map((item) => relocated(item, place));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) =>
      key === '$ref' && typeof item === 'string'
        ? [key, item.replace('#/$defs', place)]
        : [key, relocated(item, place)],
    ),
  );
}

function stripped({ $schema: _dialect, ...schema }: JsonSchema): JsonSchema {
  return schema;
}
