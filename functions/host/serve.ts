import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express, type Request, type Response } from 'express';
import pino, { type Logger } from 'pino';
import { type Envelope, readEnvelope, writeBinary } from '../../events/envelope.ts';
import { InvalidEvent, TransientError, toError, XorflowError } from '../../events/errors.ts';
import { keyOf } from '../../events/ids.ts';
import { toEnvelope } from '../../events/read.ts';
import { openStore } from '../store/open.ts';
import { LOG, type Store } from '../store/port.ts';
import { readBody } from './body.ts';
import type { Deps, FunctionDefinition } from './function.ts';
import { handleEnvelope } from './handle.ts';
import { type Env, readSettings, type Settings } from './settings.ts';
import { postEvent } from './sink.ts';
import { makeTelemetry, type Telemetry } from './telemetry.ts';

/** A function that is listening. */
export interface Running extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  /**
   * Readiness turns false, requests in flight finish, then everything is closed.
   *
   * @param graceMs how long they may take before they are given up; without it, as long as they need
   */
  close(graceMs?: number): Promise<void>;
}

export interface ServeOptions {
  /** Instead of the one that `XORFLOW_STORE` names; it is not closed. */
  readonly store?: Store;
  /** Where metric lines go: stdout, unless the caller needs that for itself. */
  readonly print?: (line: string) => void;
}

/**
 * Makes an HTTP server of a function, with the contract of a Knative subscriber: 400 with an empty body for what is no
 * CloudEvent, an empty 204 once everything that came of the event is emitted, 409 while its twin is being handled, 503
 * for what may work later, 500 for our own faults; never a 2xx with a body that is no event.
 *
 * @throws XorflowError when the environment is wrong, the port is taken or the store cannot be opened
 */
export async function serve(definition: FunctionDefinition, env: Env, options: ServeOptions = {}): Promise<Running> {
  const settings = readSettings(env);
  if (definition.emitsMany && !settings.sink) {
    throw new XorflowError(
      'INVALID_ARGUMENT',
      `Missing K_SINK: ${definition.name} emits several events, and only one fits into a reply`,
    );
  }
  const log = pino({ level: settings.logLevel, base: { function: definition.name } }, pino.destination(2));
  const store = options.store ?? (await openStore(settings.store));
  const draining = new AbortController();
  const givingUp = new AbortController();
  const deps: Deps = {
    store,
    log,
    env,
    concurrency: settings.concurrency,
    draining: draining.signal,
    signal: givingUp.signal,
    emitLines: lineEmitter(store, options.print ?? printLine),
  };
  const telemetry = makeTelemetry();
  const state = { ready: false };

  const app = makeApp(definition, deps, settings, telemetry, state);
  const server = createServer(app);
  try {
    await listen(server, settings);
    await definition.init?.(deps);
  } catch (error) {
    server.close();
    if (!options.store) await store[Symbol.asyncDispose]();
    throw error;
  }
  state.ready = true;
  const { port } = server.address() as AddressInfo;
  log.info({ port }, 'ready');

  let closed: Promise<void> | undefined;
  const close = async (graceMs?: number) => {
    state.ready = false;
    draining.abort();
    const timer = graceMs === undefined ? undefined : setTimeout(() => giveUp(server, givingUp), graceMs);
    await stop(server);
    clearTimeout(timer);
    givingUp.abort();
    await definition.shutdown?.(deps);
    if (!options.store) await store[Symbol.asyncDispose]();
  };
  const url = `http://${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${port}`;
  return {
    name: definition.name,
    port,
    url,
    close: (graceMs) => (closed ??= close(graceMs)),
    [Symbol.asyncDispose]: () => (closed ??= close()),
  };
}

function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

function lineEmitter(store: Store, print: (line: string) => void): Deps['emitLines'] {
  return async (experiment, lines) => {
    for (const { text } of lines) print(text);
    await store.logs.append(
      LOG.lines(experiment),
      lines.map(({ key, text }) => ({ key, value: text })),
    );
  };
}

function makeApp(
  definition: FunctionDefinition,
  deps: Deps,
  settings: Settings,
  telemetry: Telemetry,
  state: { ready: boolean },
): Express {
  const app = express();
  const receiveEvent = eventEndpoint(definition, deps, settings, telemetry);
  app.disable('x-powered-by');
  app.disable('etag');
  app.get(['/healthz', '/health/liveness'], (_request, response) => void response.status(200).end());
  app.get(
    ['/readyz', '/health/readiness'],
    (_request, response) => void response.status(state.ready ? 200 : 503).end(),
  );
  app.get('/metrics', async (_request, response) => {
    response.type(telemetry.contentType).send(await telemetry.text());
  });
  app.post('/', (request, response) =>
    state.ready ? receiveEvent(request, response) : void response.status(503).end(),
  );
  definition.routes?.(app, deps);
  app.all('/', (_request, response) => void response.status(405).set('allow', 'POST').end());
  app.use((_request, response) => void response.status(404).end());
  app.use((error: unknown, request: Request, response: Response, _next: unknown) => {
    deps.log.error({ err: toError(error), url: request.url }, 'request failed');
    if (response.headersSent) response.destroy();
    else response.status(500).end();
  });
  return app;
}

/** `POST /`: one CloudEvent. */
function eventEndpoint(definition: FunctionDefinition, deps: Deps, settings: Settings, telemetry: Telemetry) {
  const inFlight = new Set<string>();
  return async (request: Request, response: Response): Promise<void> => {
    const done = telemetry.start();
    const finish = (status: number, outcome: string, type = '') => {
      done(type, outcome);
      response.status(status).end();
    };
    const envelope = await receive(request, response, deps.log);
    if (typeof envelope === 'number') return finish(envelope, 'invalid');
    const { type = '', source = '', id = '', subject } = envelope.attributes;
    const key = keyOf({ source, id });
    if (inFlight.has(key)) return finish(409, 'busy', type);
    inFlight.add(key);
    try {
      const { result, events, error } = await handleEnvelope(definition, envelope, deps);
      if (error) deps.log.warn({ type, source, id, subject, error }, 'rejected');
      const replies = events.map((event) => withOverrides(toEnvelope(event), settings.overrides));
      if (settings.sink) {
        // All of it before the acknowledgement: a crash between two posts is repaired by the redelivery of the cause.
        for (const reply of replies) await postEvent(settings.sink, reply);
        return finish(204, result, type);
      }
      const [reply, ...others] = replies;
      if (others.length > 0) throw new Error(`${replies.length} events without K_SINK: only one fits into a reply`);
      if (!reply) return finish(204, result, type);
      const { headers, body } = writeBinary(reply);
      done(type, result);
      response.status(200).set(headers).end(body);
    } catch (thrown) {
      const error = toError(thrown);
      // Work that was given up on shutdown is no fault of its event, whatever it threw.
      const isTransient = error instanceof TransientError || deps.signal.aborted;
      deps.log[isTransient ? 'warn' : 'error']({ type, source, id, subject, err: error }, 'not handled');
      finish(
        isTransient ? (error instanceof TransientError && error.code === 'BUSY' ? 409 : 503) : 500,
        isTransient ? 'transient' : 'error',
        type,
      );
    } finally {
      inFlight.delete(key);
    }
  };
}

/** The event of a request, or the status that refuses it. */
async function receive(request: IncomingMessage, response: Response, log: Logger): Promise<Envelope | number> {
  const body = await readBody(request);
  if (!body) {
    response.set('connection', 'close');
    return 413;
  }
  try {
    return readEnvelope(request.headers, body);
  } catch (error) {
    if (!(error instanceof InvalidEvent)) throw error;
    log.warn({ error }, 'no valid event');
    return 400;
  }
}

function withOverrides(envelope: Envelope, overrides: Readonly<Record<string, string>>): Envelope {
  return { ...envelope, attributes: { ...envelope.attributes, ...overrides } };
}

function listen(server: Server, { host, port }: Settings): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const taken = cause.code === 'EADDRINUSE';
      const message = taken
        ? `Port ${port} on ${host} is in use: choose another one or stop the program that has it`
        : `Cannot listen on ${host}:${port}: ${cause.message}`;
      reject(new XorflowError('PORT_IN_USE', message, { cause }));
    });
    server.listen(port, host, resolve);
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    // A connection that has served its last request stays open for the client's next one, and would hold this up.
    const idle = setInterval(() => server.closeIdleConnections(), 20);
    server.close(() => {
      clearInterval(idle);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function giveUp(server: Server, work: AbortController): void {
  work.abort();
  // A handler answers its aborted work with 503; who does not is cut off.
  setTimeout(() => server.closeAllConnections(), 200).unref();
}
