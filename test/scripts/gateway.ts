import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type EventDefinition, makeEvent } from '../../events/define.ts';
import { digestOf } from '../../events/descriptor.ts';
import { CATALOGUE, type EventType } from '../../events/registry.ts';

/** How this gateway misbehaves. */
export interface Faults {
  /** Breaks the first streams off after so many messages, one number per connection. */
  readonly dropAfter?: readonly number[];
  /** Ends the first so many requests for an experiment without an answer, after having taken it. */
  readonly loseAnswers?: number;
  /** Answers everything so. */
  readonly status?: number;
  /** With this code in the problem document. */
  readonly code?: string;
  /** Knows nothing of the experiments that it takes. */
  readonly forgets?: boolean;
  /** Ends in `experiment.failed`. */
  readonly fails?: boolean;
  /** Serves other bytes than those of the digest. */
  readonly corrupt?: boolean;
  /** Holds this many milliseconds back before each artifact. */
  readonly artifactDelayMs?: number;
  /** Never sends the last event. */
  readonly endless?: boolean;
}

/** A gateway of the test's own: real sockets, an experiment made of the catalogue's examples. */
export interface Gateway extends AsyncDisposable {
  readonly url: string;
  /** The ids of all experiment.requested events taken, repeated ones too. */
  readonly taken: string[];
  /** The `Last-Event-ID` of each stream that was opened. */
  readonly resumed: (string | undefined)[];
  close(): Promise<void>;
}

export const EXPERIMENT = 'xor-0123456789ab';

/** The log of an experiment, as the catalogue's examples have it. */
export function exampleLog(faults: Faults = {}): string[] {
  const types: EventType[] = [
    'experiment.requested',
    'dataset.generated',
    'samples.plotted',
    'training.requested',
    'model.trained',
    'models.compared',
    faults.fails ? 'experiment.failed' : 'experiment.completed',
  ];
  return types.map((type, index) => {
    const definition = CATALOGUE.find((one) => one.type === type) as EventDefinition;
    const event = makeEvent(definition, {
      source: '/xorflow/test',
      id: `event-${index}`,
      subject: EXPERIMENT,
      data: definition.example,
    });
    return JSON.stringify(event);
  });
}

/** The artifacts that the examples speak of: each has its own name as its bytes. */
const ARTIFACTS = new Map(
  [
    ...['train', 'validation', 'test', 'history'].map((name) => `${name}.arrow`),
    ...['model.json', 'weights.bin'],
    ...['scatter-train', 'test-accuracy'].flatMap((name) => [`${name}.png`, `${name}.html`, `${name}.vl.json`]),
  ].map((name) => [digestOf(Buffer.from(name)), name]),
);

export async function startGateway(faults: Faults = {}): Promise<Gateway> {
  const taken: string[] = [];
  const resumed: (string | undefined)[] = [];
  const log = exampleLog(faults).slice(0, faults.endless ? -1 : undefined);
  const drops = [...(faults.dropAfter ?? [])];
  let losses = faults.loseAnswers ?? 0;

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await textOf(request);
    const path = new URL(request.url ?? '/', 'http://test').pathname;
    if (faults.status !== undefined) return problem(response, faults.status, 'The test wants it so', faults.code);
    if (request.method === 'POST' && path === '/experiments') {
      taken.push((JSON.parse(body) as { id: string }).id);
      if (losses-- > 0) return void request.socket.destroy();
      return json(response, 202, { id: EXPERIMENT, links: {} });
    }
    if (path === '/experiments')
      return json(response, 200, { experiments: [{ id: EXPERIMENT, name: 'xor', status: 'running' }] });
    if (path.startsWith('/artifacts/sha256/')) {
      await new Promise((done) => setTimeout(done, faults.artifactDelayMs ?? 0));
      const name = ARTIFACTS.get(`sha256:${path.split('/').at(-1)}`);
      if (name === undefined) return problem(response, 404, `No artifact at ${path}`);
      return void response.end(faults.corrupt ? 'something else' : name);
    }
    if (faults.forgets || !path.startsWith(`/experiments/${EXPERIMENT}`))
      return problem(response, 404, `No experiment at ${path}`);
    if (path.endsWith('/logs')) return void response.end('2026-01-01T00:00:00Z trial/x epoch=10 loss=0.5\n');
    if (request.headers.accept === 'application/json')
      return json(
        response,
        200,
        log.map((text) => JSON.parse(text)),
      );
    resumed.push(request.headers['last-event-id'] as string | undefined);
    stream(request, response, drops.shift());
  };

  const stream = (request: IncomingMessage, response: ServerResponse, dropAfter: number | undefined) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': hello\n\n');
    const after = Number(request.headers['last-event-id'] ?? 0);
    const rest = log.map((data, index) => ({ data, id: index + 1 })).slice(after);
    const text = rest.slice(0, dropAfter).map(({ id, data }) => `id: ${id}\nevent: e\ndata: ${data}\n\n`);
    response.write(text.join(''));
    // A message that was cut in the middle must not be taken for a whole one.
    if (dropAfter !== undefined)
      response.write('id: 99\ndata: {"half', () => setTimeout(() => request.socket.destroy(), 20));
    else if (!faults.endless) response.end('event: end\ndata: {}\n\n');
  };

  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const close = async () => {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  };
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, taken, resumed, close, [Symbol.asyncDispose]: close };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += chunk;
  return text;
}

function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function problem(response: ServerResponse, status: number, detail: string, code?: string): void {
  const body = JSON.stringify({ status, detail, code });
  response.writeHead(status, { 'content-type': 'application/problem+json' }).end(body);
}
