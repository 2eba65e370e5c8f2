import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express, type Request, type Response } from 'express';
import type { EnvelopeMessage } from '../../events/envelope.ts';
import { toError, XorflowError } from '../../events/errors.ts';
import { type Answer, makeAnswerer } from './answer.ts';
import { eventEndpoint } from './endpoint.ts';
import type { Deps, FunctionDefinition } from './function.ts';
import { makeIntake } from './intake.ts';
import { type OpenOptions, openFunction } from './open.ts';
import { untilStoreAnswers } from './readiness.ts';
import type { Env, Settings } from './settings.ts';
import { makeTelemetry, type Telemetry } from './telemetry.ts';

/** A function that is listening. */
export interface Running extends AsyncDisposable {
  readonly name: string;
  readonly url: string;
  readonly port: number;
  /** Answers as `POST /` would, with headers in lower case, to who lives in the same process. */
  take(message: EnvelopeMessage): Promise<Answer>;
  /**
   * Readiness turns false, requests in flight finish, then everything is closed.
   *
   * @param graceMs how long they may take before they are given up; without it, as long as they need
   */
  close(graceMs?: number): Promise<void>;
}

/**
 * Makes an HTTP server of a function, with the contract of a Knative subscriber: 400 with an empty body for what is no
 * CloudEvent, an empty 204 once everything that came of the event is emitted, 409 while its twin is being handled, 503
 * for what may work later, 500 for our own faults; never a 2xx with a body that is no event.
 *
 * @throws XorflowError when the environment is wrong, the port is taken or the store cannot be opened
 */
export async function serve(definition: FunctionDefinition, env: Env, options: OpenOptions = {}): Promise<Running> {
  const opened = await openFunction(definition, env, options);
  const { settings, deps } = opened;
  const telemetry = makeTelemetry();
  const state = { ready: false };

  const answer = makeAnswerer(definition, deps, settings, telemetry);
  const intake = makeIntake(answer);
  const app = makeApp(definition, deps, eventEndpoint(answer), telemetry, state);
  const server = createServer(app);
  try {
    await listen(server, settings);
    await definition.init?.(deps);
  } catch (error) {
    server.close();
    await opened.release();
    throw error;
  }
  const { port } = server.address() as AddressInfo;
  await untilStoreAnswers(deps, () => {
    state.ready = true;
    deps.log.info({ port }, 'ready');
  });

  let closed: Promise<void> | undefined;
  const close = async (graceMs?: number) => {
    state.ready = false;
    opened.drain();
    const cutOff = () => {
      server.closeAllConnections();
      intake.abandon();
    };
    const timer = graceMs === undefined ? undefined : setTimeout(() => giveUp(opened.giveUp, cutOff), graceMs);
    await Promise.all([stop(server), intake.over()]);
    clearTimeout(timer);
    await opened.close();
  };
  const url = `http://${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${port}`;
  return {
    name: definition.name,
    port,
    url,
    take: async (message) => (state.ready ? intake.take(message) : { status: 503 }),
    close: (graceMs) => (closed ??= close(graceMs)),
    [Symbol.asyncDispose]: () => (closed ??= close()),
  };
}

function makeApp(
  definition: FunctionDefinition,
  deps: Deps,
  receiveEvent: ReturnType<typeof eventEndpoint>,
  telemetry: Telemetry,
  state: { ready: boolean },
): Express {
  const app = express();
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

function giveUp(work: () => void, cutOff: () => void): void {
  work();
  // A handler answers its aborted work with 503; who does not is cut off.
  setTimeout(cutOff, 200).unref();
}
