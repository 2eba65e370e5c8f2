import type { Request, Response } from 'express';
import { z } from 'zod';
import { makeEvent } from '../../events/define.ts';
import { type Envelope, isEnvelope, readEnvelope } from '../../events/envelope.ts';
import { derive, experimentIdSchema, keyOf } from '../../events/ids.ts';
import { quoteValue, sentenceOf } from '../../events/issues.ts';
import { looseEvent, parseEvent, toEnvelope } from '../../events/read.ts';
import { searchStarted, trialCancelled, trialRequested } from '../../events/registry.ts';
import type { Deps } from '../host/function.ts';
import { LOG } from '../store/port.ts';
import { parseJson, readBody } from './body.ts';
import { SOURCE } from './dead-letter.ts';
import { Problem } from './problem.ts';
import { knownEvents, recordEvent, toRecorded } from './record.ts';
import { defineRoute } from './route.ts';
import { forward, JSON_TYPE, STRUCTURED_TYPE } from './submit.ts';
import { assertTrial, trialParams } from './trials.ts';
import { acceptedSearchSchema, acceptedTrialSchema, searchLinksOf, trialLinksOf } from './views.ts';

/** `POST /trials`: the event that asks for a trial, whose name is its subject. */
export const requestTrialRoute = defineRoute({
  method: 'post',
  path: '/trials',
  operationId: 'requestTrial',
  summary: 'Asks for a trial with a trial.requested event; the same event again asks for nothing more',
  body: { [STRUCTURED_TYPE]: 'bytes' },
  answers: {
    202: {
      description: 'The trial will run; its links work at once',
      content: { [JSON_TYPE]: acceptedTrialSchema },
      headers: { Location: 'the trial' },
    },
  },
  problems: [409, 413, 415, 422],
  async handle({ request, response, deps }) {
    const envelope = await readRequest(request, response, trialRequested.type);
    const name = envelope.attributes.subject ?? '';
    await refuseOther(envelope, name, deps);
    await send(envelope, deps);
    const links = trialLinksOf(name);
    response.status(202).location(links.self).set('cache-control', 'no-store').json({ name, links });
  },
});

/** `POST /searches`: the event that says what a search on one machine works on. */
export const startSearchRoute = defineRoute({
  method: 'post',
  path: '/searches',
  operationId: 'startSearch',
  summary: 'Puts on record what a search works on, with a search.started event; the subject is its name',
  body: { [STRUCTURED_TYPE]: 'bytes' },
  answers: {
    202: {
      description: 'It is on record; its links work at once',
      content: { [JSON_TYPE]: acceptedSearchSchema },
      headers: { Location: 'the search' },
    },
  },
  problems: [413, 415, 422],
  async handle({ request, response, deps }) {
    const envelope = await readRequest(request, response, searchStarted.type);
    await send(envelope, deps);
    const name = envelope.attributes.experiment ?? '';
    const links = searchLinksOf(name);
    response.status(202).location(links.self).set('cache-control', 'no-store').json({ name, links });
  },
});

const reasonSchema = z.strictObject({
  reason: z.string().min(1).max(2_000).default('nobody waits for it any more'),
});

/** `DELETE /trials/{name}`: stops the training of a trial; what it came to so far stays on record. */
export const cancelTrialRoute = defineRoute({
  method: 'delete',
  path: '/trials/{name}',
  operationId: 'cancelTrial',
  summary: 'Stops a trial: it is completed with what it has reported so far. One that is over stays as it is',
  params: trialParams,
  body: { [JSON_TYPE]: reasonSchema },
  answers: { 202: { description: 'It will stop', content: { [JSON_TYPE]: acceptedTrialSchema } } },
  problems: [404, 413, 422],
  async handle({ params: { name }, request, response, deps }) {
    const body = await readBody(request, response);
    const data = body.length === 0 ? {} : parseJson(body);
    const parsed = reasonSchema.safeParse(data);
    if (!parsed.success) throw new Problem(422, sentenceOf(parsed.error, data, reasonSchema));
    await assertTrial(deps.store, name);
    const recorded = (await deps.store.logs.read(LOG.events(name))).map(toRecorded);
    const asked = knownEvents(recorded).find((event) => event.type === trialRequested.type);
    const experiment = asked?.type === trialRequested.type ? asked.data?.experiment : undefined;
    if (experiment !== undefined) {
      const event = makeEvent(trialCancelled, {
        source: SOURCE,
        id: derive(SOURCE, name, trialCancelled.type),
        subject: name,
        extensions: { experiment },
        data: { experiment, reason: parsed.data.reason },
      });
      await send(toEnvelope(event), deps);
    }
    response.status(202).json({ name, links: trialLinksOf(name) });
  },
});

/** Gives an event to the broker, and records it at once: until the broker brings it, the links would lead nowhere. */
async function send(envelope: Envelope, deps: Deps): Promise<void> {
  await forward(envelope, deps);
  await recordEvent(deps.store, looseEvent(envelope)).catch((error: unknown) => {
    deps.log.warn({ ...envelope.attributes, err: error }, 'not recorded yet: the broker will deliver it again');
  });
}

const subjectSchema = z.object({ subject: experimentIdSchema });

/** The event of a request, which has to be of a type, with its search in the extension that Triggers see. */
async function readRequest(
  request: Request,
  response: Response,
  wanted: 'trial.requested' | 'search.started',
): Promise<Envelope> {
  if (!isEnvelope(request.headers)) {
    throw new Problem(415, `Wrong content-type: expected a CloudEvent ${wanted} as ${STRUCTURED_TYPE}`, {
      headers: { 'accept-post': STRUCTURED_TYPE },
    });
  }
  const envelope = readEnvelope(request.headers, await readBody(request, response));
  const { type, subject } = envelope.attributes;
  if (type !== wanted) {
    const rule = `expected "${wanted}"; any other event goes to the broker's own path`;
    throw new Problem(422, `Wrong value ${quoteValue(type)} at type: ${rule}`);
  }
  const named = subjectSchema.safeParse({ subject });
  if (!named.success) throw new Problem(422, sentenceOf(named.error, { subject }));
  parseJson(envelope.body);
  const event = parseEvent(envelope);
  const experiment =
    event?.type === 'trial.requested' || event?.type === 'search.started' ? event.data?.experiment : undefined;
  if (experiment === undefined || envelope.attributes.experiment === experiment) return envelope;
  return { ...envelope, attributes: { ...envelope.attributes, experiment } };
}

/** One name, one trial: another request under it would mix two trials in one log. */
async function refuseOther(envelope: Envelope, name: string, { store }: Deps): Promise<void> {
  const entries = await store.logs.read(LOG.events(name));
  if (entries.length === 0) return;
  const { source = '', id = '' } = envelope.attributes;
  const twin = entries.find(({ key }) => key === keyOf({ source, id }));
  if (!twin) {
    throw new Problem(
      409,
      `Trial ${quoteValue(name)} exists: expected another subject, or the event that asked for it`,
    );
  }
  const dataOf = (data: unknown) => JSON.stringify(trialRequested.schema.safeParse(data).data);
  const before = dataOf((JSON.parse(twin.value) as { data?: unknown }).data);
  if (before === dataOf(looseEvent(envelope).data)) return;
  throw new Problem(422, `Trial ${quoteValue(name)} was asked for with other data: expected the same, or another name`);
}
