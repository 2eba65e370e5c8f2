import { setMaxListeners } from 'node:events';
import type { Envelope } from '../../events/envelope.ts';
import { TransientError, toError } from '../../events/errors.ts';
import { type Recorder, toEventName } from './broker-log.ts';
import { dispatch, type Route, Stopped } from './dispatch.ts';
import type { Journal, PendingDelivery } from './journal.ts';
import type { Post } from './post.ts';
import { toAdmitted, toVisible } from './request.ts';

export interface ExchangeOptions {
  readonly record: Recorder;
  readonly post: Post;
  /** The URL of the broker `namespace/name`. */
  readonly ingressOf: (broker: string) => string;
  readonly routeAcceptedReplies: boolean;
  /** How long deliveries in flight may take once the exchange stops, in milliseconds. */
  readonly grace: number;
}

type Result = 'ok' | 'failed' | 'stopped';

/** Takes events in, keeps them in the journal, and sees each delivery through. */
export class Exchange {
  /** By `namespace/name` of the broker: whether it answers the producer at once. */
  readonly #brokers: ReadonlyMap<string, boolean>;
  readonly #routes: ReadonlyMap<string, Route>;
  readonly #journal: Journal;
  readonly #options: ExchangeOptions;
  readonly #stopping = new AbortController();
  readonly #aborting = new AbortController();
  readonly #running = new Set<Promise<unknown>>();
  #deliveries = 0;

  constructor(
    brokers: ReadonlyMap<string, boolean>,
    routes: ReadonlyMap<string, Route>,
    journal: Journal,
    options: ExchangeOptions,
  ) {
    this.#brokers = brokers;
    this.#routes = routes;
    this.#journal = journal;
    this.#options = options;
    setMaxListeners(0, this.#stopping.signal, this.#aborting.signal);
  }

  /** Takes an event from outside; gives the HTTP status, undefined if there is no such broker. */
  accept(broker: string, event: Envelope, headers: Record<string, string>): Promise<number> | undefined {
    return this.#brokers.has(broker) ? this.#track(this.#accept(broker, event, headers)) : undefined;
  }

  /** Sends again what the journal holds. */
  resume(url: string): void {
    const left = this.#journal.pending();
    this.#options.record({ name: 'broker:started', url, resumed: left.length });
    for (const delivery of left) void this.#start(delivery);
  }

  pending(): number {
    return this.#deliveries;
  }

  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  /** Starts no more attempts, waits for those in flight as long as the grace lasts, then cuts them off. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const timer = setTimeout(() => this.#aborting.abort(), this.#options.grace);
    await this.idle();
    clearTimeout(timer);
  }

  close(): Promise<void> {
    return this.#journal.close();
  }

  async #accept(
    broker: string,
    event: Envelope,
    headers: Record<string, string>,
    answers?: PendingDelivery,
  ): Promise<number> {
    const started = performance.now();
    const isAsync = this.#brokers.get(broker) ?? false;
    const attributes = toAdmitted(event.attributes);
    if (attributes === undefined) {
      this.#options.record({ name: 'event:refused', broker, status: 400, reason: 'no hops left in knativebrokerttl' });
      return 400;
    }
    const visible = toVisible(attributes);
    const matching = [...this.#routes.values()].filter((route) => route.broker === broker && route.filter(visible));
    const triggers = matching.map(({ key }) => key);
    let deliveries: PendingDelivery[] = [];
    try {
      // Only what nobody waits for may forget its cause: a chain that is waited for can still fail and dead-letter the cause.
      const settles = isAsync ? answers : undefined;
      if (triggers.length > 0)
        deliveries = await this.#journal.append({ attributes, body: event.body, headers }, triggers, settles);
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      this.#options.record({ name: 'event:refused', broker, status: 503, reason: error.message });
      return 503;
    }
    const ms = performance.now() - started;
    this.#options.record({ name: 'event:accepted', event: toEventName(attributes), broker, triggers, ms });
    const results = deliveries.map((delivery) => this.#start(delivery));
    if (isAsync) return 202;
    const ended = await Promise.all(results);
    if (ended.includes('stopped')) return 503;
    return ended.includes('failed') ? 500 : 202;
  }

  #start(delivery: PendingDelivery): Promise<Result> {
    this.#deliveries++;
    return this.#track(this.#deliver(delivery).finally(() => this.#deliveries--));
  }

  async #deliver(delivery: PendingDelivery): Promise<Result> {
    if (this.#stopping.signal.aborted) return 'stopped';
    const route = this.#routes.get(delivery.trigger);
    try {
      if (route === undefined) {
        this.#drop(delivery, 404, 'the Trigger is gone');
        this.#journal.finish(delivery);
        return 'failed';
      }
      const isDelivered = await dispatch(route, {
        read: () => this.#journal.read(delivery),
        record: this.#options.record,
        post: this.#options.post,
        ingress: this.#options.ingressOf(route.broker),
        route: (reply) => this.#track(this.#accept(route.broker, reply, {}, delivery)),
        routeAcceptedReplies: this.#options.routeAcceptedReplies,
        stopping: this.#stopping.signal,
        aborting: this.#aborting.signal,
      });
      this.#journal.finish(delivery);
      return isDelivered ? 'ok' : 'failed';
    } catch (error) {
      if (error instanceof Stopped) return 'stopped';
      // Not forgotten: the next start tries again.
      this.#drop(delivery, 500, toError(error).message);
      return 'failed';
    }
  }

  #drop(delivery: PendingDelivery, status: number, reason: string): void {
    const event = { id: `journal entry ${delivery.event}`, source: '', type: '' };
    this.#options.record({ name: 'delivery:dropped', event, trigger: delivery.trigger, status, reason });
  }

  /** Also marks a rejection as handled: whoever awaits the task sees it. */
  #track<T>(task: Promise<T>): Promise<T> {
    this.#running.add(task);
    const forget = () => this.#running.delete(task);
    task.then(forget, forget);
    return task;
  }
}
