import {
  Agent,
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request as requestHttp,
} from 'node:http';
import { request as requestHttps, Agent as TlsAgent } from 'node:https';
import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { isEnvelope } from '../../events/envelope.ts';
import { toError } from '../../events/errors.ts';

/** What an HTTP server answered. The body is whole only if it claims to be a CloudEvent; else its beginning, for the error report. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface PostOptions {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Posts to a URL. @throws NoAnswer */
export type Post = (target: string, options: PostOptions) => Promise<Answer>;

/** Nobody answered, or not in HTTP, or not in time. */
export class NoAnswer extends Error {}

/** The bytes of an error body that make 1024 characters of base64, which is what a dead letter carries. */
export const ERROR_BODY_BYTES = 768;
const LARGEST_REPLY = 64 * 1024 * 1024;
const MOST_REDIRECTS = 10;
export const TIMEOUT = 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)';
export const STOPPING = 'the broker is stopping';

// Idle sockets go sooner than any server closes them, so that an event is never written into a closing connection.
const AGENTS = {
  'http:': new Agent({ keepAlive: true, timeout: 2000, maxFreeSockets: 64 }),
  'https:': new TlsAgent({ keepAlive: true, timeout: 2000, maxFreeSockets: 64 }),
};

/**
 * Posts as Go's HTTP client does: follows up to 10 redirects (301, 302 and 303 as GET, 307 and 308 as they are), takes gzip,
 * and lets one timeout cover all of it, body included.
 * @throws NoAnswer
 */
export async function post(target: string, options: PostOptions): Promise<Answer> {
  let url = toUrl(target);
  let method = 'POST';
  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(new Error(TIMEOUT)), options.timeoutMs);
  const stop = () => abort.abort(new Error(STOPPING));
  options.signal.addEventListener('abort', stop, { once: true });
  if (options.signal.aborted) stop();
  try {
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const { response, close } = await exchange(url, method, options, abort.signal);
      const next = redirectOf(response, url);
      if (next === undefined) return await read(response, close, abort.signal);
      close();
      if ((response.statusCode ?? 0) < 307) method = 'GET';
      url = next;
    }
    throw new Error(`stopped after ${MOST_REDIRECTS} redirects`);
  } catch (error) {
    const verb = method === 'GET' ? 'Get' : 'Post';
    const reason = describe(abort.signal.aborted ? abort.signal.reason : error);
    throw new NoAnswer(`${verb} ${JSON.stringify(url.href)}: ${reason}`, { cause: error });
  } finally {
    clearTimeout(timer);
    options.signal.removeEventListener('abort', stop);
  }
}

function exchange(url: URL, method: string, options: PostOptions, signal: AbortSignal) {
  const isTls = url.protocol === 'https:';
  const length = method === 'POST' ? { 'content-length': String(options.body.length) } : {};
  const headers = { ...options.headers, ...length, 'accept-encoding': 'gzip', 'user-agent': 'Go-http-client/1.1' };
  return new Promise<{ response: IncomingMessage; close: () => void }>((resolve, reject) => {
    const request: ClientRequest = isTls
      ? requestHttps(url, { method, headers, agent: AGENTS['https:'], signal })
      : requestHttp(url, { method, headers, agent: AGENTS['http:'], signal });
    request.removeHeader('connection');
    request.on('error', reject);
    request.on('response', (response) => {
      // Errors while the body is read show on the stream that reads it.
      response.on('error', () => {});
      resolve({ response, close: () => request.destroy() });
    });
    request.end(method === 'POST' ? options.body : undefined);
  });
}

async function read(response: IncomingMessage, close: () => void, signal: AbortSignal): Promise<Answer> {
  const status = response.statusCode ?? 0;
  const isSuccess = status >= 200 && status < 300;
  const isReply = isSuccess && isEnvelope(response.headers);
  const most = isReply ? LARGEST_REPLY : ERROR_BODY_BYTES;
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of decoded(response)) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      // A 2xx with any body that is no event has failed already: its first byte says so.
      if (size > most || (isSuccess && !isReply)) break;
    }
  } catch (error) {
    // The status is known and decides. Only a success that never ends is no success yet.
    if (isSuccess && signal.aborted) throw error;
    if (isReply) return { status, headers: {}, body: Buffer.from('truncated reply') };
  } finally {
    if (!response.complete) close();
  }
  return { status, headers: response.headers, body: Buffer.concat(chunks).subarray(0, most + 1) };
}

function decoded(response: IncomingMessage): Readable {
  if (response.headers['content-encoding'] !== 'gzip') return response;
  const gunzip = createGunzip();
  response.on('error', (error) => gunzip.destroy(error));
  response.on('aborted', () => gunzip.destroy(new Error('unexpected EOF')));
  return response.pipe(gunzip);
}

function redirectOf(response: IncomingMessage, from: URL): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(response.statusCode ?? 0)) return undefined;
  const location = response.headers.location;
  if (location === undefined) throw new Error(`${response.statusCode} response missing Location header`);
  if (!URL.canParse(location, from.href))
    throw new Error(`failed to parse Location header ${JSON.stringify(location)}`);
  return new URL(location, from.href);
}

function toUrl(target: string): URL {
  if (!/^https?:/.test(target) || !URL.canParse(target)) {
    throw new NoAnswer(`Post ${JSON.stringify(target)}: unsupported protocol scheme`);
  }
  return new URL(target);
}

function describe(error: unknown): string {
  const { code, message } = toError(error) as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return `${message.replace('ECONNREFUSED', 'tcp')}: connection refused`;
  if (code === 'ECONNRESET') return `EOF (${message})`;
  return message;
}
