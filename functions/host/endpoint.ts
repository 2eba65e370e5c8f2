import type { Request, Response } from 'express';
import { readEnvelope } from '../../events/envelope.ts';
import type { makeAnswerer } from './answer.ts';
import { readBody } from './body.ts';

/** `POST /`: one CloudEvent. */
export function eventEndpoint(answer: ReturnType<typeof makeAnswerer>) {
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
