import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { type Envelope, type EnvelopeMessage, writeBinary } from '../../events/envelope.ts';
import { TransientError } from '../../events/errors.ts';

const TIMEOUT_MS = 30_000;
const MOST_REDIRECTS = 10;

/** Where a SinkBinding puts a token for a sink that asks for one. */
const TOKEN = '/oidc/token';

/** Takes a message without a connection: gives the status, undefined where the sink is not in this process. */
export type Shortcut = (sink: string, message: EnvelopeMessage) => Promise<number> | undefined;

/**
 * Posts an event to a sink in binary mode, with the token of a file where there is one.
 *
 * @throws TransientError `SINK_UNAVAILABLE` on any answer but 2xx, and when none comes: the cause will be delivered again
 */
export async function postEvent(
  sink: string,
  envelope: Envelope,
  options: { signal?: AbortSignal; tokenFile?: string; shortcut?: Shortcut | undefined } = {},
): Promise<void> {
  const message = writeBinary(envelope);
  const until = performance.now() + TIMEOUT_MS;
  let status: number;
  try {
    const handed = options.shortcut?.(sink, message);
    status = await (handed ? inTime(handed) : postByHttp(sink, message, until, options));
  } catch (cause) {
    throw new TransientError('SINK_UNAVAILABLE', `No answer from the sink ${sink} for ${envelope.attributes.type}`, {
      cause,
    });
  }
  if (status < 200 || status >= 300) {
    throw new TransientError(
      'SINK_UNAVAILABLE',
      `Answer ${status} of the sink ${sink} to ${envelope.attributes.type}: expected 2xx`,
    );
  }
}

/** @throws Error where there is no answer in time */
async function inTime(answering: Promise<number>): Promise<number> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(tooLate()), TIMEOUT_MS);
  return Promise.race([answering, late]).finally(() => clearTimeout(timer));
}

const tooLate = () => new Error(`no answer within ${TIMEOUT_MS / 1000} s`);

async function postByHttp(
  sink: string,
  { headers, body }: EnvelopeMessage,
  until: number,
  { signal, tokenFile = TOKEN }: { signal?: AbortSignal; tokenFile?: string },
): Promise<number> {
  const authorization = await authorizationOf(tokenFile);
  return post(new URL(sink), { headers: { ...headers, ...authorization }, body, signal, until });
}

interface Post {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly signal: AbortSignal | undefined;
  /** By when the answer has to be there, on the clock of `performance`. */
  readonly until: number;
}

/**
 * The status of the answer, once all of it is there. Of redirects those are followed that keep the method. Not with
 * `fetch`: every event passes here, and that takes more than twice the time.
 */
async function post(url: URL, what: Post, redirects = MOST_REDIRECTS): Promise<number> {
  const { headers, body, signal, until } = what;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const init = { method: 'POST', headers: { ...headers, 'content-length': body.length }, ...(signal && { signal }) };
  const request = url.protocol === 'https:' ? requestHttps(url, init) : requestHttp(url, init);
  const late = () => request.destroy(tooLate());
  const timer = setTimeout(late, until - performance.now());
  request.on('error', reject).on('response', (response) => {
    // To its end, so that the connection can serve the next event.
    response
      .on('error', reject)
      .on('end', () => resolve(response))
      .resume();
  });
  request.end(body);
  const { statusCode = 0, headers: answered } = await promise.finally(() => clearTimeout(timer));
  if (![307, 308].includes(statusCode) || answered.location === undefined || redirects === 0) return statusCode;
  const next = new URL(answered.location, url);
  const { authorization: _, ...others } = headers;
  // Nobody else gets the token.
  return post(next, { ...what, headers: next.origin === url.origin ? headers : others }, redirects - 1);
}

/** Read anew for each event: Kubernetes puts a fresh token there from time to time. */
async function authorizationOf(file: string): Promise<{ authorization?: string }> {
  try {
    // Most sinks ask for none, and an asynchronous look takes each event through the thread pool.
    if (statSync(file, { throwIfNoEntry: false }) === undefined) return {};
    return { authorization: `Bearer ${(await readFile(file, 'utf8')).trim()}` };
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return {};
    throw error;
  }
}

/** An event with the attributes that every outgoing event gets. */
export function withOverrides(envelope: Envelope, overrides: Readonly<Record<string, string>>): Envelope {
  return { ...envelope, attributes: { ...envelope.attributes, ...overrides } };
}

/**
 * Reads `K_CE_OVERRIDES`, which a SinkBinding always sets: empty, or JSON with extensions that every outgoing event gets.
 *
 * @throws Error when it is neither, so that the function does not start
 */
export function readOverrides(text: string | undefined): Readonly<Record<string, string>> {
  if (!text) return {};
  try {
    const { extensions = {} } = JSON.parse(text) as { extensions?: Record<string, unknown> };
    return Object.fromEntries(Object.entries(extensions).map(([name, value]) => [name.toLowerCase(), String(value)]));
  } catch (cause) {
    throw new Error(
      `Wrong value ${JSON.stringify(text)} in K_CE_OVERRIDES: expected JSON as {"extensions":{"name":"value"}}`,
      { cause },
    );
  }
}
