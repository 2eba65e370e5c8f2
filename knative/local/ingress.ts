import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { type Envelope, readEnvelope } from '../../events/envelope.ts';
import { InvalidEvent, toError } from '../../events/errors.ts';
import { toForwarded } from './request.ts';

/** Takes an event for the broker `namespace/name`; gives the HTTP status, undefined if there is no such broker. */
export type Accept = (broker: string, event: Envelope, headers: Record<string, string>) => Promise<number> | undefined;

/** The HTTP face of the brokers: `POST /<namespace>/<broker>`, answered with a status and no body, as the real ingress does. */
export function makeIngress(
  accept: Accept,
  onRefused: (broker: string, status: number, reason: string) => void,
): RequestListener {
  return (request, response) => {
    response.setHeader('allow', 'POST, OPTIONS');
    handle(request, response).catch((error: unknown) => {
      onRefused(request.url ?? '', 500, toError(error).message);
      if (!response.headersSent) end(response, 500);
    });
  };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === 'OPTIONS') {
      response.setHeader('webhook-allowed-origin', '*');
      response.setHeader('webhook-allowed-rate', '*');
      return end(response, 200);
    }
    if (request.method !== 'POST') return end(response, 405);
    // A query string is a part of the broker's name.
    const path = request.url ?? '/';
    if (path === '/') return end(response, 404);
    const [, namespace, name, ...more] = path.replace(/\/$/, '').split('/');
    if (name === undefined || more.length > 0) return end(response, 400);
    const broker = `${namespace}/${name}`;
    const body = await readBody(request);
    if (body === undefined) return;
    let event: Envelope;
    try {
      event = readEnvelope(request.headers, body);
    } catch (error) {
      if (!(error instanceof InvalidEvent)) throw error;
      onRefused(broker, 400, error.message);
      return end(response, 400);
    }
    const status = accept(broker, event, toForwarded(request.headers));
    end(response, status === undefined ? 404 : await status);
  }
}

function end(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-length': 0 }).end();
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  try {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  } catch {
    // The producer went away in the middle: there is nobody to answer.
    return undefined;
  }
}
