import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { makeEvent } from '../../events/define.ts';
import { type Envelope, isEnvelope, readEnvelope, writeBinary } from '../../events/envelope.ts';
import { toEnvelope } from '../../events/read.ts';
import { CATALOGUE } from '../../events/registry.ts';
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

/** What Knative tells of a Job. */
const JOB_CHANGED = 'dev.knative.apiserver.resource.update';

/** The types that a function reacts to; of one that takes all, a few. */
export function typesOf({ name, accepts }: FunctionDefinition): readonly string[] {
  if (name === 'watchdog') return [JOB_CHANGED];
  return accepts === 'all' ? ['experiment.requested', 'model.trained'] : accepts;
}

/** The example of a type, as an event of an experiment `x`. */
export function exampleOf(type: string): Envelope {
  if (type === JOB_CHANGED) return jobChanged();
  const definition = CATALOGUE.find((candidate) => candidate.type === type);
  if (!definition) throw new Error(`No type ${type}`);
  const given = { source: '/test', id: `example-${type}`, subject: 'x' };
  return toEnvelope(makeEvent(definition, { ...given, data: definition.example } as Parameters<typeof makeEvent>[1]));
}

function jobChanged(): Envelope {
  const job = {
    kind: 'Job',
    metadata: { name: 'train-long-1', labels: { 'sinks.knative.dev/job-sink-id': 'd41d8cd98f00b204e9800998ecf8427e' } },
    status: { conditions: [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded' }] },
  };
  const attributes = {
    specversion: '1.0',
    type: JOB_CHANGED,
    source: 'https://10.96.0.1:443',
    id: 'c1',
    subject: '/apis/batch/v1/namespaces/xorflow/jobs/train-long-1',
    datacontenttype: 'application/json',
  };
  return { attributes, body: Buffer.from(JSON.stringify(job)) };
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
