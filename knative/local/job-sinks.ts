import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readEnvelope } from '../../events/envelope.ts';
import { InvalidEvent } from '../../events/errors.ts';
import { readBody } from '../../functions/host/body.ts';
import type { LocalJobSink } from './job-sink.ts';

/** The one server in front of all JobSinks, as in a cluster. */
export interface JobSinkServer {
  urlOf(name: string): string;
  close(): Promise<void>;
}

/** Opens the address of the JobSinks of a namespace. */
export async function serveJobSinks(
  namespace: string,
  sinks: ReadonlyMap<string, LocalJobSink>,
): Promise<JobSinkServer> {
  const server = createServer(makeListener(namespace, sinks));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    urlOf: (name) => `http://127.0.0.1:${port}/${namespace}/${name}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * `POST /<namespace>/<name>`: an event, answered with 202 and the `Location` of its Job. `GET` of that location: 202 while
 * the Job runs, 200 when it is complete, 400 when it has failed (the header `Reason` says so), 404 for none.
 */
function makeListener(namespace: string, sinks: ReadonlyMap<string, LocalJobSink>): RequestListener {
  return (request, response) => {
    const answer = request.method === 'POST' ? post : request.method === 'GET' ? get : undefined;
    if (!answer) return end(response, 400);
    answer(request, response).catch(() => {
      if (!response.headersSent) end(response, 500);
    });
  };

  async function post(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, ns, name = '', ...more] = (request.url ?? '').replace(/\/$/, '').split('/');
    const sink = ns === namespace && more.length === 0 ? sinks.get(name) : undefined;
    const body = await readBody(request);
    if (!sink || !body) return end(response, 400);
    try {
      const path = await sink.take(readEnvelope(request.headers, body));
      end(response, 202, { location: `/namespaces/${namespace}/name/${name}/${path}` });
    } catch (error) {
      if (!(error instanceof InvalidEvent)) throw error;
      end(response, 400);
    }
  }

  async function get(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A source may have slashes of its own.
    const parts = /^\/namespaces\/([^/]+)\/name\/([^/]+)\/sources\/(.+)\/ids\/([^/]+)\/?$/.exec(request.url ?? '');
    if (!parts) return end(response, 400);
    const [ns, name = '', source = '', id = ''] = parts.slice(1).map(decodeURIComponent);
    const state = await (ns === namespace ? sinks.get(name) : undefined)?.stateOf(source, id);
    if (state === undefined) return end(response, 404);
    if (state === 'running') return end(response, 202, { location: request.url ?? '' });
    end(response, state.type === 'Complete' ? 200 : 400, { reason: state.type });
  }
}

function end(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, { ...headers, 'content-length': 0 }).end();
}
