import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Envelope, isEnvelope, readEnvelope } from '../../events/envelope.ts';
import { readBody } from '../../functions/host/body.ts';

/** A real HTTP server that stands where a broker's ingress does, and keeps what it is sent. */
export interface Sink extends AsyncDisposable {
  readonly url: string;
  readonly received: Envelope[];
  /** The status of the next answers, one each; then `answer`. */
  readonly statuses: number[];
  answer: number;
}

export async function startSink(): Promise<Sink> {
  const received: Envelope[] = [];
  const statuses: number[] = [];
  const sink = { answer: 202 };
  const server = createServer(async (request, response) => {
    const body = (await readBody(request)) ?? Buffer.alloc(0);
    if (!isEnvelope(request.headers)) {
      // Ports are reused: a client of a server that stood here before may still knock.
      response.writeHead(400).end();
      return;
    }
    const status = statuses.shift() ?? sink.answer;
    if (status < 300) received.push(readEnvelope(request.headers, body));
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return Object.assign(sink, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/default/default`,
    received,
    statuses,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  });
}
