import type { IncomingHttpHeaders } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Envelope, readEnvelope } from '../../events/envelope.ts';
import { InvalidEvent } from '../../events/errors.ts';
import { type Answer, makeAnswerer } from './answer.ts';
import type { FunctionDefinition } from './function.ts';
import { type Opened, type OpenOptions, openFunction } from './open.ts';
import type { Env } from './settings.ts';
import { makeTelemetry } from './telemetry.ts';

/** faas-js-runtime ends the process as soon as `shutdown` is over, be the last answer sent or not. */
const LAST_ANSWER_MS = 100;

/** What faas-js-runtime tells of a request. A query of the caller's may put a string in the place of anything. */
export interface FaasContext {
  readonly method?: unknown;
  readonly headers?: unknown;
  readonly body?: unknown;
  /** The body as it came, with `FUNC_INCLUDE_RAW`. */
  readonly rawBody?: unknown;
}

/** What faas-js-runtime sends for a function that returns it; for nothing it sends an empty 204. */
export interface FaasReturn {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
}

interface FaasReply {
  code(status: number): { send(body: string): unknown };
}

/** The exports that make a module a Knative Function for Node. */
export interface FaasFunction {
  init(): Promise<void>;
  shutdown(): Promise<void>;
  liveness(request: unknown, reply: FaasReply): unknown;
  readiness(request: unknown, reply: FaasReply): unknown;
  handle(context: FaasContext, event?: unknown): Promise<FaasReturn | undefined>;
}

/**
 * Makes a function what faas-js-runtime runs, with the answers of the HTTP server. That runtime reads events with an SDK
 * that invents what is missing, so its event is looked at only where the request itself is not to be had.
 */
export function toFaas(definition: FunctionDefinition, env: Env, options: OpenOptions = {}): FaasFunction {
  let running: { opened: Opened; answer: ReturnType<typeof makeAnswerer> } | undefined;
  let isReady = false;
  let closed: Promise<void> | undefined;
  const inFlight = new Set<Promise<unknown>>();

  const close = async () => {
    isReady = false;
    running?.opened.drain();
    if (inFlight.size > 0) {
      await Promise.allSettled(inFlight);
      await sleep(LAST_ANSWER_MS);
    }
    await running?.opened.close();
  };
  return {
    async init() {
      try {
        const opened = await openFunction(definition, env, options);
        running = { opened, answer: makeAnswerer(definition, opened.deps, opened.settings, makeTelemetry()) };
        await definition.init?.(opened.deps);
        isReady = true;
      } catch (error) {
        // The runtime prints the error and goes on; with nothing to do, it would end with 0.
        process.exitCode = 1;
        await running?.opened.release();
        throw error;
      }
    },
    shutdown: () => (closed ??= close()),
    liveness: (_request, reply) => reply.code(200).send(''),
    readiness: (_request, reply) => reply.code(isReady ? 200 : 503).send(''),
    async handle(context, event) {
      if (context.method !== undefined && context.method !== 'POST') return refused(405, { allow: 'POST' });
      if (!running || !isReady) return refused(503);
      const answering = running.answer(() => receive(context, event));
      inFlight.add(answering);
      try {
        return toReturn(await answering);
      } finally {
        inFlight.delete(answering);
      }
    },
  };
}

function receive({ headers, body, rawBody }: FaasContext, event: unknown): Envelope {
  if (isHeaders(headers)) return readEnvelope(headers, bytesOf(body, rawBody));
  if (event === undefined) throw new InvalidEvent('No CloudEvent in the call: expected headers or an event');
  return readEnvelope({ 'content-type': 'application/cloudevents+json' }, Buffer.from(JSON.stringify(event)));
}

/** The runtime has parsed what says it is JSON; as bytes it is the same event again, if not the same bytes. */
function bytesOf(body: unknown, raw: unknown): Buffer {
  if (Buffer.isBuffer(body)) return body;
  if (typeof raw === 'string') return Buffer.from(raw);
  if (typeof body === 'string') return Buffer.from(body);
  return body === undefined || body === null ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body));
}

function isHeaders(value: unknown): value is IncomingHttpHeaders {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function toReturn({ status, headers, body }: Answer): FaasReturn | undefined {
  if (status === 204) return undefined;
  return { statusCode: status, headers: { ...headers }, body: body ?? '' };
}

function refused(statusCode: number, headers: Readonly<Record<string, string>> = {}): FaasReturn {
  return { statusCode, headers, body: '' };
}
