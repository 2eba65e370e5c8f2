import express, { type Request, type Response } from 'express';
import { quoteValue } from '../../events/issues.ts';
import { isTooDeep, MAX_JSON_DEPTH } from '../../events/json.ts';
import { Problem } from './problem.ts';

export const MAX_BODY_BYTES = 1024 * 1024;

const parse = express.raw({ type: () => true, limit: MAX_BODY_BYTES });

/**
 * The whole body of a request, unzipped where it came zipped.
 *
 * @throws Problem 413 over 1 MiB, 415 for an unknown content-encoding, 400 where it does not arrive whole
 */
export async function readBody(request: Request, response: Response): Promise<Buffer> {
  const error = await new Promise<unknown>((resolve) => parse(request, response, resolve));
  if (error) throw bodyProblem(error, request);
  return Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
}

function bodyProblem(error: unknown, request: Request): Problem {
  const { type, message } = error as { type?: string; message?: string };
  if (type === 'entity.too.large') {
    return new Problem(413, `Too large body: expected at most ${MAX_BODY_BYTES} bytes`, { cause: error });
  }
  if (type === 'encoding.unsupported') {
    const encoding = quoteValue(request.headers['content-encoding']);
    return new Problem(415, `Wrong value ${encoding} at content-encoding: expected gzip, deflate, br or none`, {
      cause: error,
    });
  }
  return new Problem(400, `The body cannot be read: ${message ?? 'it was cut off'}`, { cause: error });
}

/**
 * Reads JSON that recursive readers can take.
 *
 * @throws Problem 400 saying what is wrong and where
 */
export function parseJson(body: Buffer): unknown {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch (cause) {
    throw new Problem(400, 'The body is no text: expected JSON in UTF-8', { cause });
  }
  if (text.trim() === '') throw new Problem(400, 'Empty body: expected a JSON object, such as {}');
  if (isTooDeep(text)) {
    throw new Problem(400, `Too deeply nested body: expected JSON of at most ${MAX_JSON_DEPTH} levels`);
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Problem(400, `The body is no JSON: ${oneLine((cause as Error).message)}`, { cause });
  }
}

function oneLine(message: string): string {
  const plain = message.replace(/\s+/g, ' ');
  return plain.length > 200 ? `${plain.slice(0, 197)}...` : plain;
}
