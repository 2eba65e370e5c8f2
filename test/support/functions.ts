import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { makeEvent } from '../../events/define.ts';
import { type Envelope, isEnvelope, readEnvelope, writeBinary } from '../../events/envelope.ts';
import { toEnvelope } from '../../events/read.ts';
import { CATALOGUE, type EventType } from '../../events/registry.ts';
import type { FunctionDefinition } from '../../functions/host/function.ts';

const FUNCTIONS = fileURLToPath(new URL('../../functions', import.meta.url));

/** The paths of all functions' entries, relative to the project's folder. */
export const ENTRIES = readdirSync(FUNCTIONS)
  .filter((name) => existsSync(join(FUNCTIONS, name, 'index.ts')))
  .map((name) => `functions/${name}/index.ts`);

/** All functions, whatever they are. */
export const DEFINITIONS: readonly FunctionDefinition[] = await Promise.all(
  ENTRIES.map(async (entry) => {
    const url = pathToFileURL(join(FUNCTIONS, '..', entry)).href;
    return ((await import(url)) as { definition: FunctionDefinition }).definition;
  }),
);

/** The types that a function reacts to; of one that takes all, a few. */
export function typesOf({ accepts }: FunctionDefinition): readonly EventType[] {
  return accepts === 'all' ? ['experiment.requested', 'model.trained'] : accepts;
}

/** The example of a type, as an event of an experiment `x`. */
export function exampleOf(type: EventType): Envelope {
  const definition = CATALOGUE.find((candidate) => candidate.type === type);
  if (!definition) throw new Error(`No type ${type}`);
  const given = { source: '/test', id: `example-${type}`, subject: 'x' };
  return toEnvelope(makeEvent(definition, { ...given, data: definition.example } as Parameters<typeof makeEvent>[1]));
}

export function post(
  url: string,
  { headers, body }: { headers: Record<string, string>; body: Buffer | string },
): Promise<Response> {
  return fetch(url, { method: 'POST', headers, body: typeof body === 'string' ? body : new Uint8Array(body) });
}

export function postEvent(url: string, envelope: Envelope): Promise<Response> {
  return post(url, writeBinary(envelope));
}

/**
 * What a Knative broker's filter makes of an answer: done, the reply that it sends on, a retry, or the dead letter at
 * once. A success with anything in it but one event is a failure that is tried again.
 */
export async function verdictOf(response: Response): Promise<'done' | 'retried' | 'dead letter' | Envelope> {
  const body = Buffer.from(await response.arrayBuffer());
  const { status } = response;
  if (status >= 500 || [404, 408, 409, 429].includes(status)) return 'retried';
  if (status >= 300) return 'dead letter';
  if (body.length === 0) return 'done';
  const headers = Object.fromEntries(response.headers);
  return status === 200 && isEnvelope(headers) ? readEnvelope(headers, body) : 'retried';
}
