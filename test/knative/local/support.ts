import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BrokerLogEvent,
  type BrokerOptions,
  type DeliverySpec,
  type LocalBroker,
  startBroker,
  type TriggerSpec,
} from '../../../knative/local/broker.ts';
import type { ServiceSettings } from '../../../knative/local/serving.ts';

/** A Service with no limits that a test would meet by chance. */
export const SERVICE: ServiceSettings = {
  service: 'under-test',
  file: 'none.ts',
  concurrency: 0,
  timeoutMs: 5_000,
  responseStartMs: 5_000,
  readinessPath: undefined,
};

export interface Seen {
  readonly at: number;
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly names: readonly string[];
  readonly body: Buffer;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly delayMs?: number;
}

/** What a subscriber does with the request number `attempt` (from 0). */
export type Behaviour = Reply | 'hang' | 'close' | 'garbage' | 'drip' | ((seen: Seen, attempt: number) => Behaviour);

/** A subscriber on a real socket that does as told and remembers what it saw. */
export class Subscriber implements AsyncDisposable {
  readonly seen: Seen[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(behaviour: Behaviour): Promise<Subscriber> {
    const server = createServer();
    const subscriber = new Subscriber(server);
    server.on('request', async (message, response) => {
      const at = performance.now();
      const chunks: Buffer[] = [];
      for await (const chunk of message) chunks.push(chunk as Buffer);
      const { method = '', url = '', headers, rawHeaders } = message;
      const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
      const seen = { at, method, url, headers, names, body: Buffer.concat(chunks) };
      const attempt = subscriber.seen.push(seen) - 1;
      let told = behaviour;
      while (typeof told === 'function') told = told(seen, attempt);
      if (told === 'hang') return;
      if (told === 'close') message.socket.destroy();
      else if (told === 'garbage') message.socket.end('this is no HTTP\r\n\r\n');
      else if (told === 'drip') {
        response.writeHead(200, EVENT_HEADERS);
        const timer = setInterval(() => response.write('x'), 20);
        response.on('close', () => clearInterval(timer));
      } else {
        if (told.delayMs) await new Promise((resolve) => setTimeout(resolve, (told as Reply).delayMs));
        response.writeHead(told.status, { ...told.headers }).end(told.body);
      }
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return subscriber;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/fn`;
  }

  /** The times of the requests in seconds after the first. */
  get times(): number[] {
    const first = this.seen[0]?.at ?? 0;
    return this.seen.map(({ at }) => (at - first) / 1000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}

/** A URL where nobody listens. */
export async function refusedUrl(): Promise<string> {
  await using subscriber = await Subscriber.start({ status: 200 });
  return subscriber.url;
}

export const EVENT_HEADERS = {
  'ce-specversion': '1.0',
  'ce-id': '1',
  'ce-source': '/test',
  'ce-type': 'model.trained',
} as const;

export const REPLY_HEADERS = { ...EVENT_HEADERS, 'ce-id': '2', 'ce-type': 'reply.made' } as const;

export type TriggerOf = Partial<TriggerSpec> & Pick<TriggerSpec, 'subscriber'> & { type?: string };

export interface Setup extends Partial<BrokerOptions> {
  readonly async?: boolean;
  readonly delivery?: DeliverySpec;
  readonly triggers: readonly TriggerOf[];
}

export interface Rig extends AsyncDisposable {
  readonly broker: LocalBroker;
  /** Where to post. */
  readonly url: string;
  readonly log: BrokerLogEvent[];
  readonly journal: string;
  named<Name extends BrokerLogEvent['name']>(name: Name): (BrokerLogEvent & { name: Name })[];
}

export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'xorflow-broker-'));
}

/** A broker `ns/default` with Triggers that filter by type; it must be idle when it goes. */
export async function startRig({ async = false, delivery = {}, triggers, ...options }: Setup): Promise<Rig> {
  const log: BrokerLogEvent[] = [];
  const journal = options.journal ?? temporaryFolder();
  const specs = triggers.map(({ type, ...trigger }, index) => ({
    name: `t${index}`,
    namespace: 'ns',
    broker: 'default',
    ...(type === undefined ? {} : { filter: { attributes: { type } } }),
    ...trigger,
  }));
  const brokers = [{ name: 'default', namespace: 'ns', async, delivery }];
  const broker = await startBroker(brokers, specs, {
    grace: 500,
    ...options,
    journal,
    log: (event) => log.push(event),
  });
  return {
    broker,
    url: broker.urlOf('ns', 'default'),
    log,
    journal,
    named: (name) => log.filter((event) => event.name === name) as never,
    async [Symbol.asyncDispose]() {
      await broker.close();
      if (options.journal === undefined) rmSync(journal, { recursive: true, force: true });
    },
  };
}

export interface Sent {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly seconds: number;
}

/** Sends exactly these headers, and nothing else but the length. */
export function send(
  url: string,
  headers: Readonly<Record<string, string>> = EVENT_HEADERS,
  body: string | Buffer = '',
  method = 'POST',
): Promise<Sent> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const { origin } = new URL(url);
    const path = url.slice(origin.length);
    const length = method === 'POST' || method === 'PUT' ? { 'content-length': String(Buffer.byteLength(body)) } : {};
    const outgoing = request(
      origin,
      { method, path, headers: { ...headers, ...length }, agent: false },
      async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk as Buffer);
        const seconds = (performance.now() - started) / 1000;
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks), seconds });
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}
