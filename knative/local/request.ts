import { type Envelope, writeBinary, writeStructured } from '../../events/envelope.ts';
import { ERROR_BODY_BYTES } from './post.ts';

type Attributes = Readonly<Record<string, string>>;
type Headers = Readonly<Record<string, string>>;

const TTL = 'knativebrokerttl';
const MOST_HOPS = 255;

/** The HTTP headers that a broker hands on; all others, `authorization` among them, end at the ingress. */
export function toForwarded(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const forwarded = Object.entries(headers).flatMap(([name, value]) => {
    const isForwarded = name === 'x-request-id' || name === 'retry-after' || /^(?:knative-|x-b3-)/.test(name);
    return isForwarded && typeof value === 'string' ? [[name, value] as const] : [];
  });
  return Object.fromEntries(forwarded);
}

/**
 * The attributes that an event gets at the ingress: the time of arrival, and how many more replies may follow it.
 * Undefined if there may be none: the event has gone in circles.
 */
export function toAdmitted(
  attributes: Attributes,
  now = performance.timeOrigin + performance.now(),
): Attributes | undefined {
  const given = attributes[TTL];
  // What is no integer counts as no limit given.
  const left = given !== undefined && /^[+-]?\d{1,9}$/.test(given) ? Number(given) - 1 : MOST_HOPS;
  return left <= 0 ? undefined : { ...attributes, [TTL]: String(left), knativearrivaltime: toRfc3339Nano(now) };
}

/** The attributes that filters and subscribers see. */
export function toVisible({ [TTL]: _, ...visible }: Attributes): Attributes {
  return visible;
}

/** A reply, with as many hops left as the event that caused it. */
export function toReply(reply: Envelope, cause: Attributes): Envelope {
  return { ...reply, attributes: { ...reply.attributes, [TTL]: cause[TTL] ?? '' } };
}

/** The request to a subscriber. */
export function toSubscriberRequest(
  event: Envelope & { headers: Headers },
  namespace: string,
  format: 'json' | 'binary',
) {
  const { headers, body } = write({ attributes: toVisible(event.attributes), body: event.body }, format);
  return { headers: { ...event.headers, ...headers, prefer: 'reply', 'kn-namespace': namespace }, body };
}

/** The request to a dead letter sink: the event with what went wrong; its data is left as it is. */
export function toDeadLetterRequest(
  event: Envelope & { headers: Headers },
  namespace: string,
  format: 'json' | 'binary',
  error: { readonly url: string; readonly status: number; readonly body: Buffer },
) {
  const { knativeerrordata: _, ...attributes } = event.attributes;
  const data = error.body.subarray(0, ERROR_BODY_BYTES).toString('base64');
  const extended = {
    ...attributes,
    knativeerrordest: error.url,
    knativeerrorcode: String(error.status),
    ...(data === '' ? {} : { knativeerrordata: data }),
  };
  const { headers, body } = write({ attributes: extended, body: event.body }, format);
  return { headers: { ...event.headers, ...headers, 'kn-namespace': namespace }, body };
}

function write(envelope: Envelope, format: 'json' | 'binary') {
  return format === 'json' ? writeStructured(envelope) : writeBinary(envelope);
}

function toRfc3339Nano(now: number): string {
  const seconds = new Date(now).toISOString().slice(0, 19);
  const fraction = (now % 1000).toFixed(3).padStart(7, '0').replace('.', '').replace(/0+$/, '');
  return `${seconds}${fraction === '' ? '' : `.${fraction}`}Z`;
}
