import type { Request, Response } from 'express';
import { z } from 'zod';
import { quoteValue } from '../../events/issues.ts';
import type { Deps } from '../host/function.ts';
import { LOG } from '../store/port.ts';
import { idParams, readRecorded, unknownExperiment } from './experiments.ts';
import { Problem } from './problem.ts';
import { isTerminal, type Recorded, toRecorded } from './record.ts';
import { defineRoute, queryInteger } from './route.ts';

/** Proxies close what is silent for long: Envoy after 5 minutes, many others after one. */
const HEARTBEAT_MS = 15_000;

const after = queryInteger(0, Number.MAX_SAFE_INTEGER).optional();

export const eventsRoute = defineRoute({
  method: 'get',
  path: '/experiments/{id}/events',
  operationId: 'followEvents',
  summary:
    'Follows the events of an experiment as server-sent events, until it is over: `id` is the position in the log, ' +
    '`event` the type, `data` the CloudEvent in structured mode; the last message is `event: end`. Whoever resumes ' +
    'after that gets 204, at which an EventSource stops. To who prefers JSON, and to a browser: an array of what is there now',
  params: idParams,
  query: z.strictObject({ after: after.describe('only events after this position; wins over Last-Event-ID') }),
  headers: { 'Last-Event-ID': 'the position to resume after' },
  answers: {
    200: {
      description: 'The events, in the order of the log',
      content: { 'text/event-stream': 'text', 'application/json': z.array(z.looseObject({ type: z.string() })) },
    },
    204: { description: 'The experiment is over, and there is nothing after that position' },
  },
  problems: [404],
  async handle({ params: { id }, query, request, response, deps }) {
    const position = query.after ?? lastEventId(request);
    const entries = await readRecorded(deps.store, id);
    if (entries.length === 0) throw unknownExperiment(id);
    response.set({ 'cache-control': 'no-store', vary: 'accept' });
    // A browser that opens the address asks for HTML, and could not show a stream.
    if (request.accepts(['text/event-stream', 'application/json', 'text/html']) !== 'text/event-stream') {
      const rest = entries.filter((entry) => entry.position > position);
      response.type('application/json').send(`[${rest.map(({ json }) => json).join(',\n')}]`);
      return;
    }
    const last = entries.at(-1)?.position ?? 0;
    if (position >= last && entries.some(({ type }) => isTerminal(type))) {
      response.status(204).end();
      return;
    }
    response.status(200).set({ 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
    if (request.method === 'HEAD') return void response.end();
    await streamEvents(id, position, response, deps);
  },
});

export const logsRoute = defineRoute({
  method: 'get',
  path: '/experiments/{id}/logs',
  operationId: 'followLogs',
  summary: 'Follows the metric lines of an experiment as text, until it is over',
  params: idParams,
  query: z.strictObject({
    after: after.describe('leaves out this many lines: those that have been read before'),
    follow: z.enum(['true', 'false']).default('true').describe('false: only what is there now'),
  }),
  answers: { 200: { description: 'One line per reported epoch', content: { 'text/plain': 'text' } } },
  problems: [404],
  async handle({ params: { id }, query, request, response, deps }) {
    const { logs } = deps.store;
    if ((await logs.read(LOG.events(id), 0, 1)).length === 0) throw unknownExperiment(id);
    response.status(200).set({
      'content-type': 'text/plain; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    if (request.method === 'HEAD') return void response.end();
    const from = query.after ?? 0;
    if (query.follow === 'true') return streamLines(id, from, response, deps);
    response.end((await logs.read(LOG.lines(id), from)).map(({ value }) => `${value}\n`).join(''));
  },
});

/** Sends the events after a position and each new one, and ends after the experiment's last. */
export async function streamEvents(
  id: string,
  position: number,
  response: Response,
  { store, draining }: Pick<Deps, 'store' | 'draining'>,
  heartbeatMs = HEARTBEAT_MS,
): Promise<void> {
  using client = follower(response, draining);
  const beat = setInterval(() => response.write(': still here\n\n'), heartbeatMs);
  try {
    await client.write(': events of an experiment; close at "end"\nretry: 1000\n\n');
    let end: Recorded | undefined = (await readRecorded(store, id)).find(({ type }) => isTerminal(type));
    let sent = position;
    if (!end || end.position > position) {
      for await (const entry of store.logs.follow(LOG.events(id), position, client.signal)) {
        const event = toRecorded(entry);
        await client.write(messageOf(event));
        sent = event.position;
        if (!isTerminal(event.type)) continue;
        end = event;
        break;
      }
    }
    if (!end || client.signal.aborted) return;
    // What was late, such as a picture that nobody waits for.
    for (const event of await readRecorded(store, id, sent)) await client.write(messageOf(event));
    const status = end.type === 'experiment.completed' ? 'completed' : 'failed';
    await client.write(`event: end\ndata: ${JSON.stringify({ status })}\n\n`);
  } catch (error) {
    if (!client.signal.aborted) throw error;
  } finally {
    clearInterval(beat);
    response.end();
  }
}

/** Sends the metric lines after a position and each new one, until the experiment is over. */
export async function streamLines(
  id: string,
  position: number,
  response: Response,
  { store, draining }: Pick<Deps, 'store' | 'draining'>,
): Promise<void> {
  using client = follower(response, draining);
  const over = new AbortController();
  const until = AbortSignal.any([client.signal, over.signal]);
  let sent = position;
  response.flushHeaders();
  const watch = async () => {
    for await (const entry of store.logs.follow(LOG.events(id), 0, until)) {
      if (isTerminal(toRecorded(entry).type)) return over.abort();
    }
  };
  const watching = watch().catch((error: unknown) => {
    if (!until.aborted) over.abort(error);
    return error;
  });
  try {
    for await (const entry of store.logs.follow(LOG.lines(id), position, until)) {
      await client.write(`${entry.value}\n`);
      sent = entry.position;
    }
  } catch (error) {
    if (!until.aborted) throw error;
  } finally {
    over.abort();
  }
  const failure = await watching;
  // Without knowing the end, the lines that are there must not look like all of them.
  if (failure !== undefined && over.signal.reason === failure) throw failure;
  if (!client.signal.aborted) {
    for (const { value } of await store.logs.read(LOG.lines(id), sent)) await client.write(`${value}\n`);
  }
  response.end();
}

/** A client that reads a stream: it may go at any moment, and may be slower than we are. */
function follower(response: Response, shutdown: AbortSignal) {
  const gone = new AbortController();
  const leave = () => gone.abort();
  response.once('close', leave);
  const signal = AbortSignal.any([gone.signal, shutdown]);
  return {
    signal,
    async write(text: string): Promise<void> {
      if (signal.aborted || response.write(text)) return;
      await new Promise<void>((resolve) => {
        const settle = () => {
          response.off('drain', settle);
          signal.removeEventListener('abort', settle);
          resolve();
        };
        response.once('drain', settle);
        signal.addEventListener('abort', settle);
      });
    },
    [Symbol.dispose]() {
      response.off('close', leave);
      gone.abort();
    },
  };
}

function messageOf({ position, type, json }: Recorded): string {
  const data = json.split(/\r\n|\r|\n/).map((line) => `data: ${line}\n`);
  return `id: ${position}\nevent: ${type}\n${data.join('')}\n`;
}

function lastEventId(request: Request): number {
  const given = request.headers['last-event-id'];
  if (given === undefined || given === '') return 0;
  if (typeof given === 'string' && /^\d{1,15}$/.test(given)) return Number(given);
  throw new Problem(
    400,
    `Wrong value ${quoteValue(given)} at last-event-id: expected the id of an event of this stream`,
  );
}
