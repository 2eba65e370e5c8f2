import { STATUS_CODES } from 'node:http';
import type { Request, Response } from 'express';
import { z } from 'zod';
import { type ErrorCode, TransientError, XorflowError } from '../../events/errors.ts';

/** What every refused request is answered with (RFC 9457). */
export const problemSchema = z
  .strictObject({
    type: z.literal('about:blank'),
    title: z.string().describe('the status in words'),
    status: z.int().min(400).max(599),
    detail: z.string().describe('one sentence: the value, its place, and what is allowed'),
    code: z.string().optional().describe('the code of the error table'),
  })
  .meta({ id: 'Problem' });

export const PROBLEM_TYPE = 'application/problem+json';

/** A request that is answered with a problem document. */
export class Problem extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly code: ErrorCode | undefined;

  constructor(
    status: number,
    detail: string,
    options: ErrorOptions & { headers?: Record<string, string>; code?: ErrorCode } = {},
  ) {
    super(detail, options);
    this.name = 'Problem';
    this.status = status;
    this.headers = options.headers ?? {};
    this.code = options.code;
  }
}

const STATUS_OF: Partial<Record<ErrorCode, number>> = {
  INVALID_EVENT: 400,
  INVALID_ARGUMENT: 400,
  NOT_FOUND: 404,
  TOO_LARGE: 413,
  INVALID_SPEC: 422,
  INSUFFICIENT_MEMORY: 422,
};

/** The problem that anything thrown is; what is our own fault says nothing of itself. */
export function problemOf(thrown: unknown): Problem {
  if (thrown instanceof Problem) return thrown;
  if (thrown instanceof TransientError) {
    return new Problem(503, thrown.message, { headers: { 'retry-after': '1' }, code: thrown.code, cause: thrown });
  }
  if (thrown instanceof XorflowError) {
    const status = STATUS_OF[thrown.code];
    if (status) return new Problem(status, thrown.message, { code: thrown.code, cause: thrown });
  }
  // Express and its body parser mark what the client did wrong by a status below 500.
  const { status, message } = (thrown ?? {}) as { status?: unknown; message?: unknown };
  if (typeof status === 'number' && status >= 400 && status < 500) {
    return new Problem(status, String(message), { cause: thrown });
  }
  return new Problem(500, 'The gateway failed on this request: its log says why', { cause: thrown });
}

/** Answers with the problem; a response that has begun is cut off, since its status is out already. */
export function sendProblem(request: Request, response: Response, problem: Problem): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { status, message: detail, code } = problem;
  const body = { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, ...(code && { code }) };
  const bytes = Buffer.from(JSON.stringify(body));
  // A body that nobody will read must not stand before the next request of the connection.
  if (!request.complete) response.set('connection', 'close');
  response
    .status(status)
    .set({ ...problem.headers, 'content-length': String(bytes.length), 'cache-control': 'no-store' })
    .removeHeader('etag');
  response.setHeader('content-type', PROBLEM_TYPE);
  response.end(bytes);
}
