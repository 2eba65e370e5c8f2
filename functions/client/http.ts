import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { ERROR_CODES, type ErrorCode, RejectedError, toError, XorflowError } from '../../events/errors.ts';
import { textOf } from './body.ts';
import { type Answer, type Asked, request } from './request.ts';

/** The platform cannot be reached or cannot work. */
export function unreachable(message: string, options?: ErrorOptions): XorflowError {
  return new XorflowError('PLATFORM_UNREACHABLE', message, options);
}

/** What a client waits for, in milliseconds. */
export interface Patience {
  /** Silence on a stream after which the connection counts as dropped. */
  readonly silence: number;
  /** How long the platform may be away before we give up. */
  readonly away: number;
}

const FIRST_WAIT_MS = 50;
const LONGEST_WAIT_MS = 2_000;

/** A request that failed where another attempt may not. */
export class Dropped extends Error {}

/**
 * Sends a request to a gateway.
 *
 * @throws Dropped when there was no answer, or 5xx or 429
 * @throws XorflowError with the code and the sentence of the problem document, `PLATFORM_UNREACHABLE` where the server
 * is no gateway or wants something that we do not have
 */
export async function send(url: string, path: string, asked: Asked): Promise<Answer> {
  const answer = await request(`${url}${path}`, asked).catch((error: unknown) => {
    asked.signal.throwIfAborted();
    return drop(error);
  });
  const { status, statusText } = answer;
  if (status >= 200 && status < 300) return answer;
  const { detail, code } = await problemOf(answer);
  if (status >= 500 || status === 429) throw new Dropped(`it answers ${status}: ${detail ?? statusText}`);
  if (detail === undefined) {
    throw unreachable(
      `No gateway at ${url}: ${asked.method ?? 'GET'} ${path} is answered with ${status} ${statusText}`,
    );
  }
  if (code === undefined) throw unreachable(`Refused by the platform at ${url} with ${status}: ${detail}`);
  throw new RejectedError(code, detail);
}

/** What a status says where the problem document has no code. */
const CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'INVALID_SPEC',
  404: 'NOT_FOUND',
  413: 'TOO_LARGE',
  422: 'INVALID_SPEC',
};

/** What an `application/problem+json` says; no detail from a server that is no gateway. */
async function problemOf({ status, body }: Answer): Promise<{ detail?: string; code?: ErrorCode }> {
  const problem: unknown = await textOf(body)
    .then(JSON.parse)
    .catch(() => undefined);
  if (!isRecord(problem) || typeof problem.detail !== 'string') return {};
  const code = isErrorCode(problem.code) ? problem.code : CODES[status];
  return { detail: problem.detail, ...(code && { code }) };
}

function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERROR_CODES, value);
}

/** The JSON of an answer. @throws XorflowError `PLATFORM_UNREACHABLE` where there is none */
export async function readJson(url: string, answer: Answer): Promise<unknown> {
  const text = await textOf(answer.body).catch((error: unknown) => {
    throw toUnreachable(url, error);
  });
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw unreachable(`No gateway at ${url}: ${answer.url.pathname} is answered with no JSON`, { cause });
  }
}

/** The bytes of an answer as they come, until it says nothing for `silence`. @throws Dropped when it breaks off */
export async function* readBody(body: Readable, silence: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let isSilent = false;
  const wait = () =>
    setTimeout(() => {
      isSilent = true;
      body.destroy();
    }, silence);
  let timer = wait();
  try {
    for await (const chunk of body) {
      clearTimeout(timer);
      yield chunk;
      timer = wait();
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!isSilent) drop(error);
  } finally {
    clearTimeout(timer);
  }
}

/** Repeats what was dropped, with growing waits, until the platform has been away for too long. */
export function makeBackoff(url: string, away: number) {
  let wait = FIRST_WAIT_MS;
  let since: number | undefined;
  const reset = () => {
    wait = FIRST_WAIT_MS;
    since = undefined;
  };
  /** Sleeps before the next attempt. @throws the error that no attempt can help, or `PLATFORM_UNREACHABLE` */
  const pause = async (error: unknown, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    if (!(error instanceof Dropped)) throw error;
    since ??= performance.now();
    if (performance.now() - since + wait > away) throw toUnreachable(url, error);
    await sleep(wait, undefined, { signal }).catch(() => signal.throwIfAborted());
    wait = Math.min(wait * 2, LONGEST_WAIT_MS);
  };
  const repeat = async <R>(signal: AbortSignal, work: () => Promise<R>): Promise<R> => {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        await pause(error, signal);
      }
    }
  };
  return { reset, pause, repeat };
}

/** For `catch` on what may be tried again. */
export function drop(error: unknown): never {
  throw new Dropped(causeOf(error), { cause: error });
}

/** Where no further attempt is made, a dropped request is the end; other errors stay what they are. */
export function toUnreachable(url: string, error: unknown): unknown {
  if (error instanceof Error && 'code' in error && error.code === 'PLATFORM_UNREACHABLE') return error;
  if (error instanceof RejectedError) return error;
  const why = causeOf(error);
  if (why === 'bad port') {
    const { port } = new URL(url);
    const wrong = `Wrong value ${JSON.stringify(url)} at --to: expected another port`;
    return new RejectedError('INVALID_ARGUMENT', `${wrong}, ${port} is kept for something else than HTTP`, {
      cause: error,
    });
  }
  return unreachable(whyAway(url, why), { cause: error });
}

/** What a person can do something about, in place of what the layers below say. */
function whyAway(url: string, why: string): string {
  const nobody = `No platform answers at ${url}`;
  if (why.includes('ECONNREFUSED'))
    return `Cannot reach the platform at ${url}: nobody listens there, "xorflow up" starts one here`;
  if (why.includes('ENOTFOUND')) return `${nobody}: no host has this name`;
  if (/^HPE_|^ERR_SSL|SSL routines/.test(why)) {
    return url.startsWith('https:')
      ? `${nobody}: it does not speak TLS, try http://`
      : `${nobody}: it does not speak HTTP`;
  }
  const certificate = /^(?:ERR_TLS_)?[A-Z_]*(?:CERT|SIGNATURE|ISSUER|LEAF)[A-Z_]*(?=:)/.exec(why)?.[0];
  if (certificate) return `${nobody}: its certificate is not trusted (${certificate})`;
  return `Cannot reach the platform at ${url}: ${why}`;
}

/** Whether the request broke on its way or at the server, and not because nobody is there at all. */
export function isBroken(error: unknown): boolean {
  return error instanceof Dropped && /ECONNRESET|EPIPE|UND_ERR_SOCKET|other side closed|it answers/.test(error.message);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What happened: in a chain of causes where `fetch` hides it, in a list where a name has two addresses. */
export function causeOf(thrown: unknown): string {
  let error: unknown = thrown;
  while (error instanceof Error && error.cause !== undefined) error = error.cause;
  if (error instanceof AggregateError) return causeOf(error.errors[0]);
  const { code, message } = toError(error) as NodeJS.ErrnoException;
  if (code === 'ECONNRESET' && /^(?:socket hang up|aborted)$/.test(message)) return 'other side closed';
  return code && !message.includes(code) ? `${code}: ${message}` : message;
}
