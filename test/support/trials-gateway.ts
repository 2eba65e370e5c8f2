import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import { readEnvelope } from '../../events/envelope.ts';
import { parseEvent } from '../../events/read.ts';
import { type HeldTrial, makeHeldTrial } from './held-trial.ts';

/** How the gateway trains, and how it misbehaves. */
export interface TrialsGatewayOptions {
  /** What becomes of a trial that is requested; by default three reports and success. */
  readonly train?: (trial: HeldTrial) => void | Promise<void>;
  /** Ends the connections of the first so many requests at once. */
  readonly away?: number;
  /** Takes the first so many requests for a trial, and ends the connection without an answer. */
  readonly loseAnswers?: number;
  /** Does not know a trial that it has taken, so many times. */
  readonly forgets?: number;
  /** Breaks the streams of lines off in the middle of a line, after so many whole ones, a number per connection. */
  readonly dropLines?: readonly number[];
  /** Ends the streams of lines as a gateway does that shuts down, after so many. */
  readonly endLines?: readonly number[];
  /** Breaks the streams of events off after so many. */
  readonly dropEvents?: readonly number[];
  /** Answers a request for a trial, or its cancellation, so. */
  readonly refuse?: { readonly method: 'POST' | 'DELETE'; readonly status: number; readonly detail: string };
  /** Never answers a cancellation. */
  readonly silentCancel?: boolean;
}

/** A gateway's routes for trials over a real socket; whatever it is not asked for as agreed gets 400. */
export interface TrialsGateway extends AsyncDisposable {
  readonly url: string;
  readonly trials: ReadonlyMap<string, HeldTrial>;
  /** `METHOD /path?query` of every request, in order. */
  readonly requests: string[];
  /** Resolves once a request that matches has been answered. */
  answered(request: RegExp): Promise<void>;
  close(): Promise<void>;
}

export async function startTrialsGateway(options: TrialsGatewayOptions = {}): Promise<TrialsGateway> {
  const trials = new Map<string, HeldTrial>();
  const requests: string[] = [];
  const answers: string[] = [];
  const waiting = new Map<() => void, RegExp>();
  const [dropLines, endLines, dropEvents] = [options.dropLines, options.endLines, options.dropEvents].map((list) => [
    ...(list ?? []),
  ]) as [number[], number[], number[]];
  let { away = 0, loseAnswers = 0, forgets = 0 } = options;

  const take = (request: IncomingMessage, response: ServerResponse, body: Buffer): void => {
    const event = parseEvent(readEnvelope(request.headers, body));
    const isStructured = request.headers['content-type']?.startsWith('application/cloudevents+json');
    if (
      !isStructured ||
      event?.type !== 'trial.requested' ||
      !event.data ||
      event.experiment !== event.data.experiment
    ) {
      problem(response, 422, 'expected a structured trial.requested with its extension');
      return;
    }
    const name = event.subject ?? '';
    const held = trials.get(name);
    if (held && !isDeepStrictEqual(held.request, event.data)) {
      problem(response, 409, `Trial ${JSON.stringify(name)} exists: expected another name`);
      return;
    }
    if (!held) {
      const trial = makeHeldTrial(name, event);
      trials.set(name, trial);
      void (options.train ?? trainWell)(trial);
    }
    if (loseAnswers-- > 0) return void request.socket.destroy();
    json(response, 202, { name, links: { self: `/trials/${name}` } });
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (away-- > 0) return void request.socket.destroy();
    const body = await bytesOf(request);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://test');
    const { refuse } = options;
    if (refuse && refuse.method === request.method) return problem(response, refuse.status, refuse.detail);
    if (`${request.method} ${pathname}` === 'POST /trials') return take(request, response, body);
    const [, name = '', what = ''] = /^\/trials\/([^/]+)(\/events|\/logs)?$/.exec(pathname) ?? [];
    const trial = trials.get(name);
    if (!trial || (what === '' && request.method === 'GET' && forgets-- > 0))
      return problem(response, 404, `No trial ${JSON.stringify(name)}: /trials lists those that there are`);
    if (request.method === 'DELETE' && what === '') {
      if (options.silentCancel) return;
      const { reason } = JSON.parse(body.toString()) as { reason?: unknown };
      if (typeof reason !== 'string' || reason === '') return problem(response, 400, 'expected a reason');
      trial.cancel(reason);
      return json(response, 202, { name });
    }
    if (request.method !== 'GET') return problem(response, 405, `no ${request.method} of ${pathname}`);
    if (what === '') return json(response, 200, trial.view());
    if (what === '/events') return streamEvents(trial, request, response, dropEvents.shift());
    const { after, follow, ...stray } = Object.fromEntries(searchParams);
    if (!/^\d+$/.test(after ?? '') || !/^(?:true|false)$/.test(follow ?? '') || Object.keys(stray).length > 0)
      return problem(response, 400, 'expected after and follow');
    if (follow === 'true') return streamLines(trial, Number(after), response, dropLines.shift(), endLines.shift());
    const rest = trial.lines.slice(Number(after)).map((line) => `${line}\n`);
    response.writeHead(200, { 'content-type': 'text/plain' }).end(rest.join(''));
  };

  const server = createServer((request, response) => {
    const title = `${request.method} ${request.url}`;
    requests.push(title);
    response.once('finish', () => {
      answers.push(title);
      for (const [settle, wanted] of waiting) if (wanted.test(title) && waiting.delete(settle)) settle();
    });
    void answer(request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const close = async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    trials,
    requests,
    async answered(wanted) {
      if (!answers.some((one) => wanted.test(one))) await new Promise<void>((done) => waiting.set(done, wanted));
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Three reports, the objective at 0.8 in the end. */
export function trainWell(trial: HeldTrial): void {
  for (const epoch of [1, 2, 3]) {
    trial.report(epoch, { loss: 0.7 - epoch / 10, validation_accuracy: 0.5 + epoch / 10 });
  }
  trial.succeed(3, { loss: 0.4, validation_accuracy: 0.8 });
}

async function streamEvents(
  trial: HeldTrial,
  request: IncomingMessage,
  response: ServerResponse,
  dropAfter = Number.POSITIVE_INFINITY,
): Promise<void> {
  let position = Number(request.headers['last-event-id'] ?? 0);
  if (trial.isOver() && position >= trial.events.length) return void response.writeHead(204).end();
  response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n');
  for (let sent = 0; ; await trial.changed()) {
    for (; position < trial.events.length; sent++) {
      if (sent === dropAfter) return void response.write('id: 99\ndata: {"half', () => request.socket.destroy());
      const data = trial.events[position] ?? '{}';
      const { type } = JSON.parse(data) as { type?: string };
      position += 1;
      response.write(`id: ${position}\nevent: ${type}\ndata: ${data}\n\n`);
    }
    if (trial.isOver()) return void response.end('event: end\ndata: {}\n\n');
  }
}

async function streamLines(
  trial: HeldTrial,
  after: number,
  response: ServerResponse,
  dropAfter = Number.POSITIVE_INFINITY,
  endAfter = Number.POSITIVE_INFINITY,
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/plain' }).flushHeaders();
  for (let sent = 0; ; await trial.changed()) {
    for (; after + sent < trial.lines.length; sent++) {
      const line = trial.lines[after + sent] ?? '';
      if (sent === endAfter) return void response.end();
      if (sent === dropAfter) return void response.write(line.slice(0, -3), () => response.socket?.destroy());
      response.write(`${line}\n`);
    }
    if (trial.isOver()) return void response.end();
  }
}

async function bytesOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function problem(response: ServerResponse, status: number, detail: string): void {
  const type = { 'content-type': 'application/problem+json' };
  response.writeHead(status, type).end(JSON.stringify({ status, detail }));
}
