import type { Request, Response } from 'express';
import { z } from 'zod';
import { makeEvent } from '../../events/define.ts';
import { type Envelope, isEnvelope, readEnvelope } from '../../events/envelope.ts';
import { derive, experimentIdOf, experimentIdSchema, keyOf } from '../../events/ids.ts';
import { quoteValue, sentenceOf } from '../../events/issues.ts';
import { looseEvent, parseEvent, toEnvelope } from '../../events/read.ts';
import { experimentRequested } from '../../events/registry.ts';
import { type ExperimentSpec, specSchema } from '../../events/spec.ts';
import { assertFits } from '../dataset/memory.ts';
import type { Deps } from '../host/function.ts';
import { readOverrides } from '../host/sink.ts';
import { LOG } from '../store/port.ts';
import { parseJson, readBody } from './body.ts';
import { SOURCE } from './dead-letter.ts';
import { Problem } from './problem.ts';
import { recordEvent } from './record.ts';
import { defineRoute } from './route.ts';
import { acceptedSchema, linksOf } from './views.ts';

export const JSON_TYPE = 'application/json';
export const STRUCTURED_TYPE = 'application/cloudevents+json';
const IDEMPOTENCY_KEY = /^[!-~](?:[ -~]{0,253}[!-~])?$/;

/** `POST /experiments`: a spec, or the event that asks for it. */
export const submitRoute = defineRoute({
  method: 'post',
  path: '/experiments',
  operationId: 'requestExperiment',
  summary:
    'Asks for an experiment: with a spec, every field of which has a default, or with an experiment.requested event',
  headers: {
    'Idempotency-Key': 'with a spec: requests with the same key are one experiment, however often they are sent',
  },
  body: { [JSON_TYPE]: specSchema, [STRUCTURED_TYPE]: 'bytes' },
  answers: {
    202: {
      description: 'The experiment will run; its links work at once',
      content: { [JSON_TYPE]: acceptedSchema },
      headers: { Location: 'the experiment' },
    },
  },
  problems: [409, 413, 415, 422],
  async handle({ request, response, deps }) {
    const envelope = await readRequest(request, response, deps.env);
    const { attributes } = envelope;
    const id = attributes.subject ?? '';
    await refuseOther(envelope, id, deps);
    await forward(envelope, deps);
    // The broker brings the event to the record too, but later: until then the links would lead nowhere.
    await recordEvent(deps.store, looseEvent(envelope)).catch((error: unknown) => {
      deps.log.warn({ id, err: error }, 'not recorded yet: the broker will deliver it again');
    });
    const links = linksOf(id);
    response.status(202).location(links.self).set('cache-control', 'no-store').json({ id, links });
  },
});

/** Posts an event to the broker of the gateway. @throws Problem 503 where it has none; TransientError */
export async function forward(envelope: Envelope, { env, post }: Deps): Promise<void> {
  if (!env.K_SINK) throw new Problem(503, 'This gateway has no broker: expected its address in K_SINK');
  const attributes = { ...envelope.attributes, ...readOverrides(env.K_CE_OVERRIDES) };
  await post(env.K_SINK, { ...envelope, attributes });
}

/** The `experiment.requested` of a request, with the experiment's id as its subject. */
async function readRequest(request: Request, response: Response, env: Deps['env']): Promise<Envelope> {
  if (isEnvelope(request.headers)) {
    return readRequestedEvent(readEnvelope(request.headers, await readBody(request, response)), env);
  }
  refuseOtherTypes(request);
  const data = parseJson(await readBody(request, response));
  const spec = parseSpec(data);
  refuseTooLarge(spec, env);
  const id = eventId(request);
  const event = makeEvent(experimentRequested, {
    source: SOURCE,
    id,
    subject: experimentIdOf({ source: SOURCE, id }),
    data: spec,
  });
  return toEnvelope(event);
}

function readRequestedEvent(envelope: Envelope, env: Deps['env']): Envelope {
  const { type, source = '', id = '', subject } = envelope.attributes;
  if (type !== experimentRequested.type) {
    const rule = `expected "${experimentRequested.type}"; any other event goes to the broker's own path`;
    throw new Problem(422, `Wrong value ${quoteValue(type)} at type: ${rule}`);
  }
  parseJson(envelope.body);
  const event = parseEvent(envelope);
  if (event?.type === experimentRequested.type && event.data) refuseTooLarge(event.data, env);
  const experiment = experimentIdOf({ source, id, subject });
  const parsed = z.object({ subject: experimentIdSchema }).safeParse({ subject: experiment });
  if (!parsed.success) throw new Problem(422, sentenceOf(parsed.error, { subject: experiment }));
  return { ...envelope, attributes: { ...envelope.attributes, subject: experiment } };
}

function parseSpec(data: unknown): ExperimentSpec {
  const parsed = specSchema.safeParse(data);
  if (!parsed.success) throw new Problem(422, sentenceOf(parsed.error, data, specSchema), { code: 'INVALID_SPEC' });
  return parsed.data;
}

/** On one machine all functions share its memory; on a cluster that of the gateway's pod says nothing of theirs. */
function refuseTooLarge(spec: ExperimentSpec, env: Deps['env']): void {
  if (!env.KUBERNETES_SERVICE_HOST) assertFits(spec);
}

function refuseOtherTypes(request: Request): void {
  const given = request.headers['content-type'];
  const [type = '', ...parameters] = (given ?? '').toLowerCase().split(';');
  const charset = parameters.map((part) => part.trim()).find((part) => part.startsWith('charset='));
  const isUtf8 = charset === undefined || /^charset="?(utf-?8|us-ascii)"?$/.test(charset);
  if (type.trim() === JSON_TYPE && isUtf8) return;
  const place = given === undefined ? 'Missing content-type' : `Wrong value ${quoteValue(given)} at content-type`;
  throw new Problem(
    415,
    `${place}: expected ${JSON_TYPE} in UTF-8 with a spec, or a CloudEvent as ${STRUCTURED_TYPE}`,
    {
      headers: { 'accept-post': `${JSON_TYPE}, ${STRUCTURED_TYPE}` },
    },
  );
}

function eventId(request: Request): string {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return derive('request', crypto.randomUUID());
  if (typeof key === 'string' && IDEMPOTENCY_KEY.test(key)) return derive('idempotency-key', key);
  throw new Problem(
    400,
    `Wrong value ${quoteValue(key)} at idempotency-key: expected 1 to 255 printable ASCII characters`,
  );
}

/** One id, one experiment: another request under it would mix two experiments in one log. */
async function refuseOther(envelope: Envelope, id: string, { store }: Deps): Promise<void> {
  const { source = '', id: eventId = '' } = envelope.attributes;
  if (!(await store.logs.find(LOG.experiments, id))) return;
  // Of one that has expired there is nothing to mix with.
  if ((await store.logs.read(LOG.events(id), 0, 1)).length === 0) return;
  const twin = await store.logs.find(LOG.events(id), keyOf({ source, id: eventId }));
  if (!twin) {
    throw new Problem(
      409,
      `Experiment ${quoteValue(id)} exists: expected another subject, or the event that asked for it`,
    );
  }
  const before = specSchema.safeParse((JSON.parse(twin.value) as { data?: unknown }).data);
  const now = specSchema.safeParse(looseEvent(envelope).data);
  if (JSON.stringify(before.data) !== JSON.stringify(now.data)) {
    throw new Problem(
      422,
      `Experiment ${quoteValue(id)} was asked for with another spec: expected the same one, or a new key`,
    );
  }
}
