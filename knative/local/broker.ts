import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { EnvelopeMessage } from '../../events/envelope.ts';
import { XorflowError } from '../../events/errors.ts';
import { type BrokerLogEvent, makeRecorder } from './broker-log.ts';
import { type DeliverySpec, toPolicy } from './delivery.ts';
import type { Route, Subscriber } from './dispatch.ts';
import { Exchange } from './exchange.ts';
import { compileFilter } from './filter.ts';
import { Gate } from './gate.ts';
import { type Ingress, makeIngress } from './ingress.ts';
import { Journal } from './journal.ts';
import { type Post, post } from './post.ts';

export type { BrokerLogEvent } from './broker-log.ts';
export type { DeliverySpec } from './delivery.ts';
export type { Subscriber } from './dispatch.ts';

export interface TriggerSpec {
  name: string;
  namespace: string;
  filter?: { attributes: Record<string, string> };
  filters?: readonly unknown[];
  subscriber: Subscriber;
  /** What dead letters call the subscriber; unless told otherwise, the URL that it was posted to. */
  address?: string;
  delivery?: DeliverySpec;
}

export interface BrokerSpec {
  name: string;
  namespace: string;
  /** The annotation `messaging.knative.dev/async-handler`: answer the producer at once, not after the whole chain. */
  async: boolean;
  delivery?: DeliverySpec;
}

export interface BrokerOptions {
  /** The folder of the journal. */
  journal: string;
  port?: number;
  host?: string;
  log: (event: BrokerLogEvent) => void;
  /** Route CloudEvents out of 202 answers, as the real broker does against its specification. */
  routeAcceptedReplies?: boolean;
  /** Posts to subscribers: over HTTP, unless told otherwise. */
  post?: Post;
  /** How long deliveries in flight may take to finish when the broker closes, in milliseconds. */
  grace?: number;
}

/** A running broker data plane. Disposing of it closes it. */
export interface LocalBroker extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  /** Where to post events for a broker. */
  urlOf(namespace: string, broker: string): string;
  /** Takes what a producer of this process would post to a URL of a broker; undefined for any other URL. */
  take(url: string, message: EnvelopeMessage): Promise<number> | undefined;
  /** Resolves when nothing is pending or in flight. */
  idle(): Promise<void>;
  /** How many deliveries are unfinished. */
  pending(): number;
  /** Stops accepting, lets what is in flight finish for a short grace; the rest stays in the journal. */
  close(): Promise<void>;
}

const IN_FLIGHT_PER_TRIGGER = 64;
const GRACE_MS = 3000;

/**
 * Starts the data plane of a Knative broker on this machine and sends again what its journal holds.
 * @throws XorflowError `INVALID_MANIFEST` for a wrong spec, `STORE_UNAVAILABLE` for an unusable journal, `PORT_IN_USE`.
 */
export async function startBroker(
  brokers: BrokerSpec[],
  triggers: (TriggerSpec & { broker: string })[],
  options: BrokerOptions,
): Promise<LocalBroker> {
  const routes = toRoutes(brokers, triggers);
  const broker = new Broker(brokers, routes, options);
  try {
    await broker.listen(options.port ?? 0, options.host ?? '127.0.0.1');
  } catch (error) {
    await broker.close();
    throw error;
  }
  return broker;
}

function toRoutes(brokers: BrokerSpec[], triggers: (TriggerSpec & { broker: string })[]): Map<string, Route> {
  const routes = new Map<string, Route>();
  for (const { name, namespace, broker, subscriber, address, delivery, ...filters } of triggers) {
    const place = `trigger/${name} spec`;
    const owner = brokers.find((candidate) => candidate.name === broker && candidate.namespace === namespace);
    if (owner === undefined) fail(broker, `${place}.broker`, `the name of a Broker in namespace ${namespace}`);
    const key = `${namespace}/${name}`;
    if (routes.has(key)) fail(name, `trigger/${name} metadata.name`, `a name used once in namespace ${namespace}`);
    routes.set(key, {
      key,
      namespace,
      broker: `${namespace}/${broker}`,
      filter: compileFilter(filters, place),
      policy: toPolicy(delivery, owner.delivery, `${place}.delivery`),
      subscriber,
      address,
      gate: new Gate(IN_FLIGHT_PER_TRIGGER),
    });
  }
  return routes;
}

class Broker implements LocalBroker {
  readonly #exchange: Exchange;
  readonly #ingress: Ingress;
  readonly #server: Server;
  #closed: Promise<void> | undefined;
  #url = '';

  constructor(brokers: BrokerSpec[], routes: ReadonlyMap<string, Route>, options: BrokerOptions) {
    const record = makeRecorder(options.log);
    const asyncs = new Map(brokers.map(({ namespace, name, async }) => [`${namespace}/${name}`, async]));
    this.#exchange = new Exchange(asyncs, routes, new Journal(options.journal), {
      record,
      post: options.post ?? post,
      ingressOf: (broker) => `${this.#url}/${broker}`,
      routeAcceptedReplies: options.routeAcceptedReplies ?? false,
      grace: options.grace ?? GRACE_MS,
    });
    this.#ingress = makeIngress(
      (broker, event, headers) => this.#exchange.accept(broker, event, headers),
      (broker, status, reason) => record({ name: 'event:refused', broker, status, reason }),
    );
    this.#server = createServer(this.#ingress.listener);
  }

  get url(): string {
    return this.#url;
  }

  urlOf(namespace: string, broker: string): string {
    return `${this.#url}/${namespace}/${broker}`;
  }

  take(url: string, { headers, body }: EnvelopeMessage): Promise<number> | undefined {
    if (!this.#server.listening || !url.startsWith(`${this.#url}/`)) return undefined;
    return this.#ingress.take(url.slice(this.#url.length), headers, body);
  }

  pending(): number {
    return this.#exchange.pending();
  }

  idle(): Promise<void> {
    return this.#exchange.idle();
  }

  async listen(port: number, host: string): Promise<void> {
    try {
      this.#server.listen(port, host);
      await once(this.#server, 'listening');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      throw new XorflowError('PORT_IN_USE', `Busy port ${port} on ${host}: expected a free one`, { cause: error });
    }
    const { port: bound } = this.#server.address() as AddressInfo;
    this.#url = `http://${host.includes(':') ? `[${host}]` : host}:${bound}`;
    this.#exchange.resume(this.#url);
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const closed = this.#server.listening ? once(this.#server, 'close') : undefined;
    this.#server.close();
    this.#server.closeIdleConnections();
    await this.#exchange.stop();
    // One turn for the answers to producers that waited.
    await new Promise((resolve) => setImmediate(resolve));
    this.#server.closeAllConnections();
    await closed;
    await this.#exchange.close();
  }
}

function fail(value: unknown, place: string, rule: string): never {
  throw new XorflowError('INVALID_MANIFEST', `Invalid value ${JSON.stringify(value)} at ${place}: expected ${rule}`);
}
