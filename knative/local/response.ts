import { type Envelope, IncompleteEvent, isEnvelope, readEnvelope } from '../../events/envelope.ts';
import { InvalidEvent } from '../../events/errors.ts';
import { isRetriable } from './delivery.ts';
import type { Answer } from './post.ts';

/** What became of one attempt. */
export type Outcome =
  | { readonly kind: 'done'; readonly status: number }
  | { readonly kind: 'reply'; readonly status: number; readonly reply: Envelope }
  | {
      readonly kind: 'failed';
      readonly status: number;
      readonly retriable: boolean;
      readonly body: Buffer;
      readonly by?: 'ingress';
    };

/** Reads a subscriber's answer as the real broker's filter does. `routeAccepted`: take a reply out of a 202 too. */
export function readAnswer(answer: Answer, routeAccepted: boolean): Outcome {
  const { status, headers, body } = answer;
  if (status < 200 || status > 299) return { kind: 'failed', status, retriable: isRetriable(status), body };
  if (!isEnvelope(headers) || (body.length === 0 && headers['ce-specversion'] === undefined && !isStructured(answer))) {
    return body.length === 0 ? { kind: 'done', status } : noReply(body);
  }
  if (status === 202 && !routeAccepted) return { kind: 'done', status };
  try {
    return { kind: 'reply', status, reply: readEnvelope(headers, body) };
  } catch (error) {
    // The filter passes on what it can parse; the ingress, to which the reply goes, refuses it for good.
    if (error instanceof IncompleteEvent) {
      return { kind: 'failed', status: 400, retriable: false, body: Buffer.alloc(0), by: 'ingress' };
    }
    if (error instanceof InvalidEvent) return noReply(body);
    throw error;
  }
}

/** Reads a dead letter sink's answer: any 2xx will do, and its body is ignored. */
export function readSinkAnswer({ status, body }: Answer): Outcome {
  const isSuccess = status >= 200 && status < 300;
  return isSuccess ? { kind: 'done', status } : { kind: 'failed', status, retriable: isRetriable(status), body };
}

// A 2xx must be empty or a CloudEvent: anything else is taken for a failure of the subscriber.
function noReply(body: Buffer): Outcome {
  return { kind: 'failed', status: 502, retriable: true, body };
}

function isStructured({ headers }: Answer): boolean {
  return headers['content-type']?.trim().toLowerCase().startsWith('application/cloudevents') ?? false;
}
