import { setTimeout as sleep } from 'node:timers/promises';
import type { Envelope } from '../../events/envelope.ts';
import { toError } from '../../events/errors.ts';
import { type Recorder, toEventName } from './broker-log.ts';
import { type DeliveryPolicy, isRetriable } from './delivery.ts';
import type { Filter } from './filter.ts';
import type { Gate } from './gate.ts';
import type { JournaledEvent } from './journal.ts';
import { NoAnswer, type Post } from './post.ts';
import { toDeadLetterRequest, toReply, toSubscriberRequest } from './request.ts';
import { type Outcome, readAnswer, readSinkAnswer } from './response.ts';

/** A URL, or what gives it once the service has started. */
export type Subscriber = string | (() => string | Promise<string>);

/** A Trigger, compiled. */
export interface Route {
  /** `namespace/name`. */
  readonly key: string;
  readonly namespace: string;
  readonly broker: string;
  readonly filter: Filter;
  readonly policy: DeliveryPolicy;
  readonly subscriber: Subscriber;
  /** What dead letters call the subscriber, where that is not its URL. */
  readonly address: string | undefined;
  /** Bounds the requests in flight, not the waits between them nor a reply's own deliveries: those may come back here. */
  readonly gate: Gate;
}

/** What a delivery needs from the broker. */
export interface DispatchContext {
  /** Reads the event when it is about to be sent: thousands may be waiting. */
  readonly read: () => JournaledEvent;
  readonly record: Recorder;
  readonly post: Post;
  /** The URL of the ingress, named as the destination when a reply is refused. */
  readonly ingress: string;
  /** Takes a reply as the ingress would; gives the HTTP status. */
  readonly route: (reply: Envelope) => Promise<number>;
  readonly routeAcceptedReplies: boolean;
  /** No new attempts. */
  readonly stopping: AbortSignal;
  /** No attempts at all. */
  readonly aborting: AbortSignal;
}

/** The broker stops: the delivery stays in the journal. */
export class Stopped extends Error {}

type Failed = Outcome & { kind: 'failed' };

/**
 * Delivers one event to one Trigger to the end: retries, the reply, the dead letter. False if it got nowhere.
 * @throws Stopped
 */
export async function dispatch(route: Route, context: DispatchContext): Promise<boolean> {
  const started = performance.now();
  const about = { event: toEventName(context.read().attributes), trigger: route.key };
  let url = route.key;
  const outcome = await retry(
    route.policy,
    context,
    (attempt) =>
      route.gate.run(async () => {
        if (context.stopping.aborted) throw new Stopped();
        try {
          url = await (typeof route.subscriber === 'string' ? route.subscriber : route.subscriber());
        } catch (error) {
          return unanswered(toError(error).message);
        }
        context.record({ name: 'delivery:attempted', ...about, attempt, url });
        const request = toSubscriberRequest(context.read(), route.namespace, route.policy.format);
        const answer = await send(url, request, route.policy, context);
        return 'kind' in answer ? answer : readAnswer(answer, context.routeAcceptedReplies);
      }),
    (attempt, failed, waitMs) =>
      context.record({ name: 'delivery:retried', ...about, ...failure(failed), attempt, waitMs }),
  );
  let failed = outcome.kind === 'failed' ? outcome : undefined;
  let refuser = failed?.by === 'ingress' ? context.ingress : (route.address ?? url);
  if (outcome.kind === 'reply') {
    failed = await routeReply(outcome.reply, route, context, about);
    refuser = context.ingress;
  }
  if (failed !== undefined) return deadLetter(route, context, about, refuser, failed);
  context.record({ name: 'delivery:delivered', ...about, status: outcome.status, ms: performance.now() - started });
  return true;
}

async function routeReply(
  reply: Envelope,
  route: Route,
  context: DispatchContext,
  about: { event: ReturnType<typeof toEventName>; trigger: string },
): Promise<Failed | undefined> {
  const envelope = toReply(reply, context.read().attributes);
  const outcome = await retry(
    route.policy,
    context,
    async () => {
      const status = await within(route.policy.timeout, context.route(envelope));
      if (status === undefined)
        return unanswered(
          `Post "${context.ingress}": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
        );
      if (status === 202) return { kind: 'done', status };
      if (context.stopping.aborted) throw new Stopped();
      return { kind: 'failed', status, retriable: isRetriable(status), body: Buffer.alloc(0) };
    },
    (attempt, failed, waitMs) =>
      context.record({ name: 'reply:retried', ...about, ...failure(failed), attempt, waitMs }),
  );
  if (outcome.kind === 'failed') return outcome;
  context.record({ name: 'reply:routed', ...about, reply: toEventName(envelope.attributes) });
  return undefined;
}

async function deadLetter(
  route: Route,
  context: DispatchContext,
  about: { event: ReturnType<typeof toEventName>; trigger: string },
  url: string,
  failed: Failed,
): Promise<boolean> {
  const sink = route.policy.deadLetterSink;
  if (sink === undefined) {
    context.record({ name: 'delivery:dropped', ...about, ...failure(failed) });
    return false;
  }
  const outcome = await retry(
    route.policy,
    context,
    () =>
      route.gate.run(async () => {
        if (context.stopping.aborted) throw new Stopped();
        const error = { url, status: failed.status, body: failed.body };
        const request = toDeadLetterRequest(context.read(), route.namespace, route.policy.format, error);
        const answer = await send(sink, request, route.policy, context);
        return 'kind' in answer ? answer : readSinkAnswer(answer);
      }),
    (attempt, again, waitMs) =>
      context.record({ name: 'delivery:retried', ...about, ...failure(again), attempt, waitMs }),
  );
  if (outcome.kind === 'failed') context.record({ name: 'delivery:dropped', ...about, ...failure(outcome) });
  else context.record({ name: 'delivery:deadlettered', ...about, ...failure(failed), url: sink });
  return outcome.kind !== 'failed';
}

async function retry(
  policy: DeliveryPolicy,
  context: DispatchContext,
  attempt: (number: number) => Promise<Outcome>,
  onRetry: (number: number, failed: Failed, waitMs: number) => void,
): Promise<Outcome> {
  for (let number = 0; ; number++) {
    const outcome = await attempt(number);
    if (outcome.kind !== 'failed' || !outcome.retriable || number >= policy.retries) return outcome;
    const waitMs = policy.waitAfter(number);
    onRetry(number, outcome, waitMs);
    try {
      if (waitMs > 0) await sleep(waitMs, undefined, { signal: context.stopping });
    } catch (error) {
      throw new Stopped('stopped while waiting', { cause: error });
    }
  }
}

async function send(
  url: string,
  request: { headers: Readonly<Record<string, string>>; body: Buffer },
  policy: DeliveryPolicy,
  context: DispatchContext,
) {
  try {
    return await context.post(url, { ...request, timeoutMs: policy.timeout, signal: context.aborting });
  } catch (error) {
    if (context.aborting.aborted) throw new Stopped('stopped while in flight', { cause: error });
    if (error instanceof NoAnswer) return unanswered(error.message);
    throw error;
  }
}

function unanswered(message: string): Failed {
  return { kind: 'failed', status: 500, retriable: true, body: Buffer.from(`dispatch error: ${message}`) };
}

function failure({ status, body }: Failed) {
  return { status, reason: body.subarray(0, 200).toString() };
}

async function within<T>(ms: number, task: Promise<T>): Promise<T | undefined> {
  const timer = new AbortController();
  try {
    return await Promise.race([task, sleep(ms, undefined, { signal: timer.signal })]);
  } finally {
    // With a reason of its own no exception is made.
    timer.abort('done');
  }
}
