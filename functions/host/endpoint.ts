import type { IncomingMessage } from 'node:http';
import type { Request, Response } from 'express';
import type { Logger } from 'pino';
import { type Envelope, readEnvelope, writeBinary } from '../../events/envelope.ts';
import { InvalidEvent, TransientError, toError } from '../../events/errors.ts';
import { keyOf } from '../../events/ids.ts';
import { toEnvelope } from '../../events/read.ts';
import { readBody } from './body.ts';
import type { Deps, FunctionDefinition } from './function.ts';
import { handleEnvelope } from './handle.ts';
import type { Settings } from './settings.ts';
import { postEvent, withOverrides } from './sink.ts';
import type { Telemetry } from './telemetry.ts';

/** `POST /`: one CloudEvent. */
export function eventEndpoint(definition: FunctionDefinition, deps: Deps, settings: Settings, telemetry: Telemetry) {
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
      const { status, body } = refusalOf(error, deps.signal.aborted);
      deps.log[status === 500 ? 'error' : 'warn']({ type, source, id, subject, err: error }, 'not handled');
      done(type, status === 500 ? 'error' : 'transient');
      if (body) response.status(status).json(body);
      else response.status(status).end();
    } finally {
      inFlight.delete(key);
    }
  };
}

/** What makes the broker deliver again; a dead letter carries the reason on. Of our own faults nothing leaks. */
function refusalOf(error: Error, isGivenUp: boolean): { status: number; body?: object } {
  if (error instanceof TransientError) return { status: error.code === 'BUSY' ? 409 : 503, body: error.toJSON() };
  // Work that was given up on shutdown is no fault of its event, whatever it threw.
  return { status: isGivenUp ? 503 : 500 };
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
