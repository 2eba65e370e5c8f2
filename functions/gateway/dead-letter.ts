import type { CloudEvent } from 'cloudevents';
import { derivedId, makeEvent } from '../../events/define.ts';
import { type ErrorCode, RejectedError } from '../../events/errors.ts';
import { parseEvent, toEnvelope } from '../../events/read.ts';
import {
  definitionOf,
  experimentFailed,
  type KnownEvent,
  trialCompleted,
  trialRequested,
} from '../../events/registry.ts';
import { subjectOf } from './record.ts';
import { readRefusal } from './refusal.ts';

export const SOURCE = '/xorflow/gateway';

/** What a broker says of an event that it could not deliver. */
export interface Undelivered {
  /** The function that did not take it. */
  readonly stage: string;
  /** The last answer; 500 also stands for none at all. */
  readonly status: string;
  /** What that answer said, or the error of the connection. */
  readonly answer: string;
  /** The code of the error table that it said. */
  readonly code?: ErrorCode;
}

/** Reads the attributes that a broker adds to an event on its way to the dead letter sink; undefined for a living one. */
export function undeliveredOf(event: CloudEvent<unknown>): Undelivered | undefined {
  const { knativeerrordest, knativeerrorcode, knativeerrordata } = event as unknown as Record<string, unknown>;
  if (knativeerrordest === undefined && knativeerrorcode === undefined) return undefined;
  return {
    stage: stageOf(String(knativeerrordest ?? '')),
    status: String(knativeerrorcode ?? ''),
    ...readRefusal(Buffer.from(String(knativeerrordata ?? ''), 'base64')),
  };
}

/**
 * The event that tells of a dead one: `experiment.failed`, or a failed `trial.completed`, whose search waits for it.
 * Undefined where nothing would be gained: what ended anyway, what nobody knows, what only the record was missing.
 */
export function lastWordOf(event: CloudEvent<unknown>, undelivered: Undelivered): KnownEvent | undefined {
  const definition = definitionOf(event.type);
  const subject = subjectOf(event);
  if (!definition || definition.terminal || subject === undefined) return undefined;
  // The gateway itself did not take it in time; now that it has, the record is whole and nothing has failed.
  if (undelivered.stage === 'gateway') return undefined;
  const cause = { type: event.type, source: event.source, id: event.id };
  const reason = reasonOf(event.type, undelivered);
  if (event.type === trialRequested.type) return failedTrial(event, subject, reason);
  if (event.type.startsWith('trial')) return undefined;
  return makeEvent(experimentFailed, {
    source: SOURCE,
    id: derivedId(cause, experimentFailed),
    subject,
    data: { stage: undelivered.stage, code: undelivered.code ?? 'DEAD_LETTER', reason, cause },
  });
}

function failedTrial(event: CloudEvent<unknown>, subject: string, reason: string): KnownEvent | undefined {
  try {
    const request = parseEvent(toEnvelope(event));
    if (request?.type !== 'trial.requested' || !request.data) return undefined;
    const { experiment, index, assignments } = request.data;
    return makeEvent(trialCompleted, {
      source: SOURCE,
      id: derivedId(event, trialCompleted),
      subject,
      data: { experiment, ...(index !== undefined && { index }), assignments, status: 'failed', reason },
      extensions: { experiment },
    });
  } catch (error) {
    if (error instanceof RejectedError) return undefined;
    throw error;
  }
}

function reasonOf(type: string, { stage, status, answer }: Undelivered): string {
  const lost = /^dispatch error:\s*/;
  const said = answer === '' ? '' : `: ${answer.replace(lost, '')}`;
  const code = Number(status);
  // As the broker does: what is not sent again has failed at the first attempt.
  const isFinal = code >= 300 && code < 500 && ![404, 408, 409, 429].includes(code);
  const attempts = isFinal ? '' : ' in all the attempts that its Trigger allows';
  const what = lost.test(answer) ? 'could not be reached with' : 'could not handle';
  const how = status === '' || lost.test(answer) ? '' : ` (${status})`;
  return `${stage} ${what} ${type}${attempts}${how}${said}`.slice(0, 2_000);
}

/**
 * The function's name in the URL that the event was to go to: `http://train.ns.svc.cluster.local` -> `train`,
 * `http://job-sink.knative-eventing.svc/ns/train-job` -> `train-job`, `http://127.0.0.1:8081/train` -> `train`.
 */
function stageOf(destination: string): string {
  if (!URL.canParse(destination)) return nameIn(destination) || 'delivery';
  const { hostname, pathname } = new URL(destination);
  const isAddress = /^[\d.]+$|^\[|^localhost$/.test(hostname);
  const name = pathname.split('/').findLast((part) => part !== '') ?? (isAddress ? '' : hostname.split('.')[0]);
  return nameIn(name ?? '') || 'delivery';
}

function nameIn(text: string): string {
  return text
    .toLowerCase()
    .replace(/^xorflow-/, '')
    .replace(/[^a-z0-9-]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 64);
}
