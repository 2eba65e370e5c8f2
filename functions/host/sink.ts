import { statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type Envelope, writeBinary } from '../../events/envelope.ts';
import { TransientError } from '../../events/errors.ts';

const TIMEOUT_MS = 30_000;

/** Where a SinkBinding puts a token for a sink that asks for one. */
const TOKEN = '/oidc/token';

/**
 * Posts an event to a sink in binary mode, with the token of a file where there is one.
 *
 * @throws TransientError `SINK_UNAVAILABLE` on any answer but 2xx, and when none comes: the cause will be delivered again
 */
export async function postEvent(
  sink: string,
  envelope: Envelope,
  options: { signal?: AbortSignal; tokenFile?: string } = {},
): Promise<void> {
  const { headers, body } = writeBinary(envelope);
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout;
  let response: Response;
  try {
    const authorization = await authorizationOf(options.tokenFile ?? TOKEN);
    const init = { method: 'POST', headers: { ...headers, ...authorization }, body: new Uint8Array(body), signal };
    response = await fetch(sink, init);
    // Read, not cancelled: that costs an exception, and may cost the connection.
    await response.arrayBuffer();
  } catch (cause) {
    throw new TransientError('SINK_UNAVAILABLE', `No answer from the sink ${sink} for ${envelope.attributes.type}`, {
      cause,
    });
  }
  if (!response.ok) {
    throw new TransientError(
      'SINK_UNAVAILABLE',
      `Answer ${response.status} of the sink ${sink} to ${envelope.attributes.type}: expected 2xx`,
    );
  }
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
