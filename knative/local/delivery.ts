import { XorflowError } from '../../events/errors.ts';
import { toMilliseconds } from './duration.ts';

/** `spec.delivery` of a Broker or Trigger, its dead letter sink resolved to a URL. */
export interface DeliverySpec {
  retry?: number;
  backoffPolicy?: 'linear' | 'exponential';
  /** ISO 8601, as is `timeout`. */
  backoffDelay?: string;
  timeout?: string;
  deadLetterSink?: string;
  format?: 'json' | 'binary';
}

/** What one Trigger's deliveries follow, with all defaults applied. Times are in milliseconds. */
export interface DeliveryPolicy {
  readonly retries: number;
  readonly timeout: number;
  readonly deadLetterSink: string | undefined;
  readonly format: 'json' | 'binary';
  /** How long to wait after the attempt number `attempt` (from 0) failed. */
  waitAfter(attempt: number): number;
}

/** What the real control plane's `config-br-defaults` gives a Broker that says nothing. */
const BROKER_DEFAULTS: DeliverySpec = { retry: 10, backoffPolicy: 'exponential', backoffDelay: 'PT0.2S' };
// Without a timeout only the real dispatcher's own HTTP server ends a delivery, after 15 minutes.
const LONGEST_DELIVERY = 15 * 60_000;
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * The policy of a Trigger on a Broker: the Trigger's delivery replaces the Broker's as a whole, only the dead letter sink
 * falls back to it.
 * @throws XorflowError `INVALID_MANIFEST`, naming the field below `place`.
 */
export function toPolicy(
  trigger: DeliverySpec | undefined,
  broker: DeliverySpec | undefined,
  place: string,
): DeliveryPolicy {
  const ofBroker = broker ?? BROKER_DEFAULTS;
  const spec = trigger ?? ofBroker;
  const { retry = 0, backoffPolicy, backoffDelay, timeout, format = 'binary' } = spec;
  if (!Number.isInteger(retry) || retry < 0) fail(retry, `${place}.retry`, 'an integer of 0 or more');
  if (backoffPolicy !== undefined && backoffPolicy !== 'linear' && backoffPolicy !== 'exponential') {
    fail(backoffPolicy, `${place}.backoffPolicy`, 'linear or exponential');
  }
  if (format !== 'json' && format !== 'binary') fail(format, `${place}.format`, 'json or binary');
  const delay = backoffDelay === undefined ? 0 : toMilliseconds(backoffDelay, `${place}.backoffDelay`);
  const limit = timeout === undefined ? LONGEST_DELIVERY : toMilliseconds(timeout, `${place}.timeout`);
  if (limit <= 0) fail(timeout, `${place}.timeout`, 'more than zero');
  return {
    retries: retry,
    timeout: Math.min(limit, LONGEST_TIMER),
    deadLetterSink: sink(spec.deadLetterSink ?? ofBroker.deadLetterSink, `${place}.deadLetterSink`),
    format,
    waitAfter(attempt) {
      // Without a policy the delay does not count, and the other way round. The first linear wait is zero.
      const factor = backoffPolicy === undefined ? 0 : backoffPolicy === 'linear' ? attempt : 2 ** attempt;
      return Math.min(delay * factor, LONGEST_TIMER);
    },
  };
}

/** Whether a failed delivery may be tried again: 404, 408, 409, 429 and 5xx; not other 4xx, nor 3xx. */
export function isRetriable(status: number): boolean {
  return status >= 500 || status === 404 || status === 408 || status === 409 || status === 429;
}

function sink(url: string | undefined, place: string): string | undefined {
  if (url !== undefined && !URL.canParse(url)) fail(url, place, 'an absolute URL');
  return url;
}

function fail(value: unknown, place: string, rule: string): never {
  throw new XorflowError('INVALID_MANIFEST', `Invalid value ${JSON.stringify(value)} at ${place}: expected ${rule}`);
}
