import type { Request, Response } from 'express';
import { z } from 'zod';
import { quoteValue } from '../../events/issues.ts';
import type { Deps } from '../host/function.ts';
import type { Store } from '../store/port.ts';
import { Problem } from './problem.ts';
import { type Recorded, toRecorded } from './record.ts';
import { type Answer, type Exchange, queryInteger } from './route.ts';

/** Proxies close what is silent for long: Envoy after 5 minutes, many others after one. */
const HEARTBEAT_MS = 15_000;

/** A log of events that is followed. */
export interface Followed {
  readonly log: string;
  /** Whether an event of this type is the last one that anybody waits for. */
  isLast(type: string): boolean;
}

/** One beside which metric lines are printed. */
export interface FollowedLines extends Followed {
  readonly lines: string;
}

const after = queryInteger(0, Number.MAX_SAFE_INTEGER).optional();

/** What a route that follows events takes and gives. */
export const EVENTS = {
  query: z.strictObject({ after: after.describe('only events after this position; wins over Last-Event-ID') }),
  headers: { 'Last-Event-ID': 'the position to resume after' },
  answers: {
    200: {
      description: 'The events, in the order of the log',
      content: { 'text/event-stream': 'text', 'application/json': z.array(z.looseObject({ type: z.string() })) },
    },
    204: { description: 'It is over, and there is nothing after that position' },
  } satisfies Record<number, Answer>,
} as const;

/** What a route that follows metric lines takes and gives. */
export const LINES = {
  query: z.strictObject({
    after: after.describe('leaves out this many lines: those that have been read before'),
    follow: z.enum(['true', 'false']).default('true').describe('false: only what is there now'),
  }),
  answers: {
    200: { description: 'One line per reported epoch', content: { 'text/plain': 'text' } },
  } satisfies Record<number, Answer>,
} as const;

type EventsExchange = Exchange<z.ZodObject, (typeof EVENTS)['query']>;
type LinesExchange = Exchange<z.ZodObject, (typeof LINES)['query']>;

/**
 * Answers with the events of a log.
 *
 * @param unknown what a log without any event is told by
 */
export async function answerEvents(
  { query, request, response, deps }: EventsExchange,
  followed: Followed,
  unknown: () => Problem,
): Promise<void> {
  const position = query.after ?? lastEventId(request);
  const entries = await readLog(deps.store, followed.log);
  if (entries.length === 0) throw unknown();
  response.set({ 'cache-control': 'no-store', vary: 'accept' });
  // A browser that opens the address asks for HTML, and could not show a stream.
  if (request.accepts(['text/event-stream', 'application/json', 'text/html']) !== 'text/event-stream') {
    const rest = entries.filter((entry) => entry.position > position);
    response.type('application/json').send(`[${rest.map(({ json }) => json).join(',\n')}]`);
    return;
  }
  const last = entries.at(-1)?.position ?? 0;
  if (position >= last && entries.some(({ type }) => followed.isLast(type))) {
    response.status(204).end();
    return;
  }
  response.status(200).set({ 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' });
  if (request.method === 'HEAD') return void response.end();
  await streamEvents(followed, position, response, deps);
}

/** Answers with the metric lines beside a log. */
export async function answerLines(
  { query, request, response, deps }: LinesExchange,
  followed: FollowedLines,
  unknown: () => Problem,
): Promise<void> {
  const { logs } = deps.store;
  if ((await logs.read(followed.log, 0, 1)).length === 0) throw unknown();
  response.status(200).set({
    'content-type': 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-content-type-options': 'nosniff',
  });
  if (request.method === 'HEAD') return void response.end();
  const from = query.after ?? 0;
  if (query.follow === 'true') return streamLines(followed, from, response, deps);
  response.end((await logs.read(followed.lines, from)).map(({ value }) => `${value}\n`).join(''));
}

async function readLog({ logs }: Store, log: string, after = 0): Promise<Recorded[]> {
  return (await logs.read(log, after)).map(toRecorded);
}

/** Sends the events after a position and each new one, and ends after the last. */
export async function streamEvents(
  { log, isLast }: Followed,
  position: number,
  response: Response,
  { store, draining }: Pick<Deps, 'store' | 'draining'>,
  heartbeatMs = HEARTBEAT_MS,
): Promise<void> {
  using client = follower(response, draining);
  const beat = setInterval(() => response.write(': still here\n\n'), heartbeatMs);
  try {
    await client.write(': close at "end"\nretry: 1000\n\n');
    let end: Recorded | undefined = (await readLog(store, log)).find(({ type }) => isLast(type));
    let sent = position;
    if (!end || end.position > position) {
      for await (const entry of store.logs.follow(log, position, client.signal)) {
        const event = toRecorded(entry);
        await client.write(messageOf(event));
        sent = event.position;
        if (!isLast(event.type)) continue;
        end = event;
        break;
      }
    }
    if (!end || client.signal.aborted) return;
    // What was late, such as a picture that nobody waits for.
    for (const event of await readLog(store, log, sent)) await client.write(messageOf(event));
    const status = end.type.endsWith('.completed') ? 'completed' : 'failed';
    await client.write(`event: end\ndata: ${JSON.stringify({ status })}\n\n`);
  } catch (error) {
    if (!client.signal.aborted) throw error;
  } finally {
    clearInterval(beat);
    response.end();
  }
}

/** Sends the metric lines after a position and each new one, until what prints them is over. */
async function streamLines(
  { log, lines, isLast }: FollowedLines,
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
    for await (const entry of store.logs.follow(log, 0, until)) {
      if (isLast(toRecorded(entry).type)) return over.abort();
    }
  };
  const watching = watch().catch((error: unknown) => {
    if (!until.aborted) over.abort(error);
    return error;
  });
  try {
    for await (const entry of store.logs.follow(lines, position, until)) {
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
    for (const { value } of await store.logs.read(lines, sent)) await client.write(`${value}\n`);
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
