import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express, type Request, type Response } from 'express';
import { toError, XorflowError } from '../../events/errors.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/port.ts';
import { type HeldDeps, holdDeps } from './deps.ts';
import { eventEndpoint } from './endpoint.ts';
import type { Deps, FunctionDefinition } from './function.ts';
import { type Env, readSettings, type Settings } from './settings.ts';
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
  const store = options.store ?? (await openStore(settings.store));
  const held = holdDeps(definition, env, settings, store, options.print);
  const { deps } = held;
  const { log } = deps;
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
    held.drain();
    const timer = graceMs === undefined ? undefined : setTimeout(() => giveUp(server, held), graceMs);
    await stop(server);
    clearTimeout(timer);
    held.giveUp();
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

function giveUp(server: Server, held: HeldDeps): void {
  held.giveUp();
  // A handler answers its aborted work with 503; who does not is cut off.
  setTimeout(() => server.closeAllConnections(), 200).unref();
}
