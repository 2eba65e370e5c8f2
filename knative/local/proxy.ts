import {
  Agent,
  type ClientRequest,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { XorflowError } from '../../events/errors.ts';
import { Breaker } from './breaker.ts';
import { toClientHeaders, toFunctionHeaders } from './forwarding.ts';
import { handOver } from './hand-over.ts';
import type { Take } from './instance.ts';
import type { Answer, PostOptions } from './post.ts';

/** How one Service's requests are treated on their way to its function. */
export interface ProxySettings {
  readonly service: string;
  /** `containerConcurrency`; 0 is no limit. */
  readonly concurrency: number;
  /** How many may wait for their turn, or for the function to be ready; more get 503. */
  readonly queueDepth: number;
  /** From the arrival to the last byte, the wait for a turn included. */
  readonly timeoutMs: number;
  /** From the arrival to the first byte of the response. */
  readonly responseStartMs: number;
  readonly host: string;
  /** 0 is a free one. */
  readonly port: number;
  onRefused(status: number, reason: string): void;
}

/** The address of a Service: activator and queue-proxy in one, in front of the function's own port. */
export interface Proxy {
  readonly url: string;
  /** Where the function listens, and what takes events without a connection; undefined holds requests until there is one. */
  setTarget(target: { readonly port: number; readonly take?: Take } | undefined): void;
  /** Takes an event as the address does, from this process to a function in it. @throws NoAnswer */
  handOver(options: PostOptions): Promise<Answer>;
  /** Accepts nothing new and sends away who waits. */
  drain(): void;
  /** Resolves once requests in flight are over; those that are not after `graceMs` are cut off. */
  close(graceMs: number): Promise<void>;
}

const LOOPBACK = '127.0.0.1';

/**
 * Opens the address of a Service; requests wait until the function behind it is ready.
 *
 * @throws XorflowError `PORT_IN_USE`
 */
export async function openProxy(settings: ProxySettings): Promise<Proxy> {
  const breaker = new Breaker(settings.concurrency, settings.queueDepth);
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 64 });
  let target: { readonly port: number; readonly take?: Take } | undefined;
  let isDraining = false;
  // Timeouts are the Service's own: Node's limit of 5 minutes for a request would cut uploads short.
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    if (isDraining) return end(response, 503, 'shutting down');
    handle(request, response);
  });

  function handle(request: IncomingMessage, response: ServerResponse): void {
    let upstream: ClientRequest | undefined;
    const refuse = (status: number, reason: string) => {
      clearTimeout(responseStart);
      clearTimeout(total);
      breaker.cancel(entrant);
      settings.onRefused(status, reason);
      upstream?.destroy();
      // Half a response cannot be taken back: only a broken connection tells that it is incomplete.
      if (response.headersSent) response.destroy();
      else end(response, status, reason);
    };
    const responseStart = setTimeout(() => refuse(504, 'response start timeout'), settings.responseStartMs);
    const total = setTimeout(() => refuse(504, 'request timeout'), settings.timeoutMs);
    const entrant = {
      admit() {
        upstream = httpRequest({
          agent,
          host: LOOPBACK,
          port: target?.port,
          method: request.method,
          path: request.url,
          headers: toFunctionHeaders(request),
          setHost: false,
        });
        upstream.once('response', (answer) => {
          clearTimeout(responseStart);
          passOn(answer, response);
        });
        upstream.on('error', (error) => {
          // After a response has begun, the response itself tells; after the client left, nobody listens.
          if (!response.headersSent && !response.destroyed)
            refuse(502, `no answer from the function: ${error.message}`);
        });
        request.pipe(upstream);
      },
      refuse: () => refuse(503, 'shutting down'),
    };
    response.once('close', () => {
      clearTimeout(responseStart);
      clearTimeout(total);
      if (!response.writableFinished) upstream?.destroy();
      if (upstream) breaker.leave();
      else breaker.cancel(entrant);
      // Kept-alive connections that were busy when the draining began.
      if (isDraining) setImmediate(() => server.closeIdleConnections());
    });
    if (!breaker.enter(entrant)) refuse(503, 'pending request queue full');
  }

  const closed = new Promise<void>((resolve) => server.once('close', resolve));
  const drain = () => {
    isDraining = true;
    server.close();
    server.closeIdleConnections();
    breaker.refuseWaiting();
  };
  const { host, port } = settings;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => reject(toListenError(cause, settings)));
    server.listen(port, host, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  const url = `http://${host.includes(':') ? `[${host}]` : host === '0.0.0.0' ? LOOPBACK : host}:${bound}`;
  const door = { breaker, settings, take: () => target?.take };

  return {
    url,
    async handOver(options) {
      if (!isDraining) return handOver(url, options, door);
      return { status: 503, headers: {}, body: Buffer.from('shutting down') };
    },
    setTarget(next) {
      target = next;
      if (next === undefined) breaker.pause();
      else breaker.open();
    },
    drain,
    async close(graceMs) {
      drain();
      const timer = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(timer);
      agent.destroy();
    },
  };
}

function passOn(answer: IncomingMessage, response: ServerResponse): void {
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage, toClientHeaders(answer));
  // A stream without a length may have its first byte much later than its headers (SSE).
  if (answer.headers['content-length'] === undefined) response.flushHeaders();
  answer.once('error', () => response.destroy());
  answer.pipe(response);
}

function end(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(reason) }).end(reason);
}

function toListenError(cause: NodeJS.ErrnoException, { service, host, port }: ProxySettings): XorflowError {
  const message =
    cause.code === 'EADDRINUSE'
      ? `Port ${port} on ${host} is in use, and ${service} is to have it: stop the program that has it, or choose another port`
      : `Cannot listen on ${host}:${port} for ${service}: ${cause.message}`;
  return new XorflowError('PORT_IN_USE', message, { cause });
}
