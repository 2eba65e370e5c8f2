import type { EventDefinition } from './define.ts';
import { attributesSchemaOf, collectDefinitions, dataSchemaOf, type JsonSchema } from './json-schema.ts';
import { CATALOGUE, experimentRequested, trialRequested } from './registry.ts';

/** What a chain begins with: the only events that come from outside. */
const ENTRIES: ReadonlySet<string> = new Set([experimentRequested.type, trialRequested.type]);

const EXAMPLE_TIME = '2026-01-01T00:00:00Z';

/** `experiment.requested` -> `experimentRequested`: a name for a map of the document. */
function keyOfType(type: string): string {
  return type.replace(/\.(\w)/g, (_match, letter: string) => letter.toUpperCase());
}

/** The whole catalogue as an AsyncAPI 3.0 document: one channel and one operation per event type. */
export function asyncApiDocument({ version }: { readonly version: string }): JsonSchema {
  const schemas = collectDefinitions('#/components/schemas');
  const messages = Object.fromEntries(CATALOGUE.map((definition) => [keyOfType(definition.type), message(definition)]));

  function message(definition: EventDefinition): JsonSchema {
    const payload = schemas.take(dataSchemaOf(definition));
    return {
      name: definition.type,
      title: definition.type,
      summary: definition.summary,
      contentType: 'application/json',
      tags: [{ name: definition.type.split('.')[0] }, ...(definition.terminal ? [{ name: 'terminal' }] : [])],
      headers: headersOf(definition),
      payload,
      examples: [{ name: 'example', headers: exampleHeaders(definition), payload: definition.example }],
    };
  }

  return {
    asyncapi: '3.0.0',
    info: {
      title: 'xorflow events',
      version,
      description:
        'An experiment as a chain of CloudEvents 1.0 over HTTP. All of them go to one Knative broker, at the address in ' +
        'K_SINK; a Trigger per function filters them by type, and on string extensions. A channel stands for a type.',
    },
    defaultContentType: 'application/json',
    channels: Object.fromEntries(
      CATALOGUE.map(({ type, summary }) => [
        keyOfType(type),
        {
          address: type,
          title: type,
          description: summary,
          messages: { [keyOfType(type)]: { $ref: `#/components/messages/${keyOfType(type)}` } },
        },
      ]),
    ),
    operations: Object.fromEntries(
      CATALOGUE.map(({ type, summary }) => [
        keyOfType(type),
        {
          action: ENTRIES.has(type) ? 'receive' : 'send',
          summary,
          channel: { $ref: `#/channels/${keyOfType(type)}` },
          messages: [{ $ref: `#/channels/${keyOfType(type)}/messages/${keyOfType(type)}` }],
          bindings: { http: { method: 'POST', bindingVersion: '0.3.0' } },
        },
      ]),
    ),
    components: { messages, schemas: schemas.definitions },
  };
}

/** The attributes as they travel in binary mode: headers that begin with `ce-`. */
function headersOf(definition: EventDefinition): JsonSchema {
  const { properties, required } = attributesSchemaOf(definition) as { properties: JsonSchema; required: string[] };
  return {
    type: 'object',
    properties: Object.fromEntries(Object.entries(properties).map(([name, schema]) => [headerOf(name), schema])),
    required: required.map(headerOf),
  };
}

function headerOf(attribute: string): string {
  return attribute === 'datacontenttype' ? 'content-type' : `ce-${attribute}`;
}

function exampleHeaders({ type, example }: EventDefinition): JsonSchema {
  const isTrial = type.startsWith('trial.');
  const { experiment } = (example ?? {}) as { experiment?: string };
  return {
    'ce-specversion': '1.0',
    'ce-type': type,
    'ce-source': ENTRIES.has(type) ? '/my/shell' : '/xorflow/example',
    'ce-id': '0123456789abcdef0123456789abcdef',
    'ce-subject': isTrial ? 'xor-random-1' : (experiment ?? 'xor-0123456789ab'),
    'ce-time': EXAMPLE_TIME,
    'content-type': 'application/json',
  };
}
