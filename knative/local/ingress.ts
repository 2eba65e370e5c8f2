import type { IncomingHttpHeaders, IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type Envelope, readEnvelope } from '../../events/envelope.ts';
import { InvalidEvent, toError } from '../../events/errors.ts';
import { readBody } from '../../functions/host/body.ts';
import { toForwarded } from './request.ts';

/** Takes an event for the broker `namespace/name`; gives the HTTP status, undefined if there is no such broker. */
export type Accept = (broker: string, event: Envelope, headers: Record<string, string>) => Promise<number> | undefined;

/** The face of the brokers. */
export interface Ingress {
  /** `POST /<namespace>/<broker>`, answered with a status and no body, as the real ingress does. */
  readonly listener: RequestListener;
  /** The status for an event that comes to such a path without a connection. */
  take(path: string, headers: IncomingHttpHeaders, body: Buffer): Promise<number>;
}

export function makeIngress(
  accept: Accept,
  onRefused: (broker: string, status: number, reason: string) => void,
): Ingress {
  return {
    listener(request, response) {
      response.setHeader('allow', 'POST, OPTIONS');
      handle(request, response).catch((error: unknown) => {
        onRefused(request.url ?? '', 500, toError(error).message);
        if (!response.headersSent) end(response, 500);
      });
    },
    async take(path, headers, body) {
      const broker = brokerOf(path);
      return typeof broker === 'number' ? broker : admit(broker, headers, body);
    },
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'OPTIONS') {
      response.setHeader('webhook-allowed-origin', '*');
      response.setHeader('webhook-allowed-rate', '*');
      return end(response, 200);
    }
    if (request.method !== 'POST') return end(response, 405);
    const broker = brokerOf(request.url ?? '/');
    if (typeof broker === 'number') return end(response, broker);
    // Undefined where the producer went away in the middle: there is nobody to answer.
    const body = await readBody(request, Number.POSITIVE_INFINITY).catch(() => undefined);
    if (body !== undefined) end(response, await admit(broker, request.headers, body));
  }

  async function admit(broker: string, headers: IncomingHttpHeaders, body: Buffer): Promise<number> {
    let event: Envelope;
    try {
      event = readEnvelope(headers, body);
    } catch (error) {
      if (!(error instanceof InvalidEvent)) throw error;
      onRefused(broker, 400, error.message);
      return 400;
    }
    return (await accept(broker, event, toForwarded(headers))) ?? 404;
  }
}

/** `namespace/name` of a path, or the status that refuses it. */
function brokerOf(path: string): string | number {
  if (path === '/') return 404;
  // A query string is a part of the broker's name.
  const [, namespace, name, ...more] = path.replace(/\/$/, '').split('/');
  return name === undefined || more.length > 0 ? 400 : `${namespace}/${name}`;
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-length': 0 }).end();
}
