import type { Request, Response } from 'express';
import { readEnvelope } from '../../events/envelope.ts';
import { makeAnswerer } from './answer.ts';
import { readBody } from './body.ts';
import type { Deps, FunctionDefinition } from './function.ts';
import type { Settings } from './settings.ts';
import type { Telemetry } from './telemetry.ts';

/** `POST /`: one CloudEvent. */
export function eventEndpoint(definition: FunctionDefinition, deps: Deps, settings: Settings, telemetry: Telemetry) {
  const answer = makeAnswerer(definition, deps, settings, telemetry);
  return async (request: Request, response: Response): Promise<void> => {
    const { status, headers, body } = await answer(async () => {
      const bytes = await readBody(request);
      if (bytes) return readEnvelope(request.headers, bytes);
      response.set('connection', 'close');
      return 413;
    });
    response.status(status).set({ ...headers });
    response.end(body);
  };
}
