import { RejectedError, TransientError } from '../../events/errors.ts';
import { causeOf } from '../client/http.ts';
import type { Credentials } from './credentials.ts';
import { Refused, refusalOf } from './refusal.ts';

/** One request to the API. */
export interface Call {
  readonly method: 'GET' | 'POST';
  /** Below `/apis/v2beta1`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** JSON, or a form with a file. */
  readonly body?: FormData | Readonly<Record<string, unknown>>;
  /** What Kubernetes has to allow the caller: `create runs`. */
  readonly right: string;
}

/** The server, who calls it, and how long an answer may take. */
export interface Server {
  /** Without the path of the API: `http://ml-pipeline.kubeflow:8888`, `https://kubeflow.example/pipeline`. */
  readonly url: string;
  readonly credentials: Credentials;
  readonly timeoutMs: number;
  /** Whose namespace is asked about, for messages. */
  readonly namespace: string | undefined;
}

const API = '/apis/v2beta1';

/**
 * Sends a request and reads the JSON of its answer.
 *
 * @throws TransientError `PLATFORM_UNREACHABLE` where another attempt may help
 * @throws Refused with the status and one sentence that says what to do
 * @throws RejectedError where the server is no API of Kubeflow Pipelines, or its certificate is not trusted
 */
export async function send(server: Server, call: Call, signal: AbortSignal): Promise<unknown> {
  const { url, credentials, timeoutMs } = server;
  const query = new URLSearchParams(
    Object.entries(call.query ?? {}).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const { body } = call;
  const isForm = body instanceof FormData;
  const headers = {
    accept: 'application/json',
    ...(body && !isForm && { 'content-type': 'application/json' }),
    ...(await credentials.headers()),
  };
  const late = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(`${url}${API}${call.path}${query.size > 0 ? `?${query}` : ''}`, {
      method: call.method,
      headers,
      ...(body && { body: isForm ? body : JSON.stringify(body) }),
      // A login page is no answer, and whoever it is that we are sent to gets no token.
      redirect: 'manual',
      signal: AbortSignal.any([signal, late]),
    });
    const text = await response.text();
    const json = parse(text);
    if (response.ok && json !== undefined) return json;
    throw refusalOf(server, call, response, json);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof RejectedError || error instanceof TransientError) throw error;
    if (late.aborted) throw away(url, `no answer to ${call.method} ${call.path} within ${timeoutMs / 1000} s`, error);
    throw lost(url, error);
  }
}

/** The answer, or undefined where what was asked for is not there. */
export async function sendForSome(server: Server, call: Call, signal: AbortSignal): Promise<unknown> {
  return send(server, call, signal).catch((error: unknown) => {
    if (error instanceof Refused && error.status === 404) return undefined;
    throw error;
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function away(url: string, why: string, cause: unknown): TransientError {
  return new TransientError('PLATFORM_UNREACHABLE', `Cannot reach Kubeflow Pipelines at ${url}: ${why}`, { cause });
}

/** What a person can do about a connection that did not come about. */
function lost(url: string, error: unknown): Error {
  const why = causeOf(error);
  const certificate = /^(?:ERR_TLS_)?[A-Z_]*(?:CERT|SIGNATURE|ISSUER|LEAF)[A-Z_]*(?=:)/.exec(why)?.[0];
  if (certificate) {
    const remedy = 'name the file of its authority in NODE_EXTRA_CA_CERTS';
    return new RejectedError(
      'PLATFORM_UNREACHABLE',
      `Kubeflow Pipelines at ${url} has a certificate that is not trusted (${certificate}): ${remedy}`,
      { cause: error },
    );
  }
  if (/^HPE_|^ERR_SSL|SSL routines/.test(why)) {
    const other = url.startsWith('https:') ? 'it does not speak TLS, try http://' : 'it does not speak HTTP';
    return new RejectedError('PLATFORM_UNREACHABLE', `Cannot reach Kubeflow Pipelines at ${url}: ${other}`, {
      cause: error,
    });
  }
  if (why === 'bad port') {
    return new RejectedError(
      'INVALID_ARGUMENT',
      `Wrong value ${JSON.stringify(url)} as the address of Kubeflow Pipelines: expected another port, this one is kept for something else than HTTP`,
      { cause: error },
    );
  }
  if (why.includes('ECONNREFUSED')) {
    return away(url, 'nobody listens there; is the port-forward still up?', error);
  }
  if (why.includes('ENOTFOUND'))
    return away(url, 'no host has this name; names of services are known inside the cluster alone', error);
  return away(url, why, error);
}
