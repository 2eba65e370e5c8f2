import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Envelope, readEnvelope } from '../../events/envelope.ts';
import { readBody } from '../../functions/host/body.ts';

/** A real HTTP server that stands where a broker's ingress does, and keeps what it is sent. */
export interface Sink extends AsyncDisposable {
  readonly url: string;
  readonly received: Envelope[];
  /** The status of the next answers, one each; then 202. */
  readonly statuses: number[];
}

export async function startSink(): Promise<Sink> {
  const received: Envelope[] = [];
  const statuses: number[] = [];
  const server = createServer(async (request, response) => {
    const body = (await readBody(request)) ?? Buffer.alloc(0);
    const status = statuses.shift() ?? 202;
    if (status < 300) received.push(readEnvelope(request.headers, body));
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/xorflow/default`,
    received,
    statuses,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
