import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { RejectedError, toError } from '../../events/errors.ts';

/** Where Kubernetes projects a token for Kubeflow Pipelines, as its documents have it. */
const PROJECTED = '/var/run/secrets/kubeflow/pipelines/token';

/** Who calls: the headers that say so. */
export interface Credentials {
  /** For messages: what was sent. */
  readonly what: string;
  /** Read anew for each request: a projected token is replaced every hour. */
  headers(): Promise<Readonly<Record<string, string>>>;
  /** The namespace of the service account that the token is of, as it says itself. */
  namespace(): Promise<string | undefined>;
}

export interface CredentialSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Goes before everything that the environment says. */
  readonly tokenFile?: string | undefined;
  /** What to call `tokenFile` by in messages. */
  readonly place?: string;
  /** Where a pod's token is, if it has one. */
  readonly projected?: string;
}

/**
 * Finds who calls: a token's file, else the one that `KF_PIPELINES_SA_TOKEN_PATH` names, else a session's cookie in
 * `KF_PIPELINES_COOKIE`, else the token of the pod that we are in, else nobody.
 */
export function findCredentials({
  env,
  tokenFile,
  place = '--token-file',
  projected = PROJECTED,
}: CredentialSources): Credentials {
  const named = env.KF_PIPELINES_SA_TOKEN_PATH;
  const cookie = env.KF_PIPELINES_COOKIE;
  if (tokenFile !== undefined) return tokenIn(tokenFile, place);
  if (named) return tokenIn(named, 'KF_PIPELINES_SA_TOKEN_PATH');
  if (cookie) {
    if (!/^[!-~ ]+$/.test(cookie)) {
      const rule = 'expected name=value of a session, printable ASCII on one line';
      throw new RejectedError('INVALID_ARGUMENT', `Wrong value in KF_PIPELINES_COOKIE: ${rule}`);
    }
    return { what: 'the cookie of KF_PIPELINES_COOKIE', headers: async () => ({ cookie }), namespace };
  }
  if (existsSync(projected)) return tokenIn(projected, 'the pod');
  return { what: 'no token', headers: async () => ({}), namespace };
}

/** Of whoever is no service account. */
async function namespace(): Promise<undefined> {}

function tokenIn(file: string, place: string): Credentials {
  const read = async (): Promise<string> => {
    const text = await readFile(file, 'utf8').catch((cause: unknown) => {
      throw wrong(file, place, `it cannot be read (${toError(cause).message})`, cause);
    });
    const token = text.trim();
    if (!/^[\w.~+/=-]+$/.test(token)) throw wrong(file, place, 'it holds no token, or something beside it');
    return token;
  };
  return {
    what: `the token in ${file}`,
    headers: async () => ({ authorization: `Bearer ${await read()}` }),
    namespace: async () => namespaceIn(await read()),
  };
}

/** The token is not verified: the server does that, and a wrong namespace is refused there. */
function namespaceIn(token: string): string | undefined {
  try {
    const payload = Buffer.from(token.split('.')[1] ?? '', 'base64url').toString();
    const { sub } = JSON.parse(payload) as { readonly sub?: unknown };
    return /^system:serviceaccount:([a-z0-9-]+):/.exec(String(sub))?.[1];
  } catch {
    return undefined;
  }
}

function wrong(file: string, place: string, why: string, cause?: unknown): RejectedError {
  const sentence = `Wrong value ${JSON.stringify(file)} at ${place}: expected a file with a service account's token, ${why}`;
  return new RejectedError('INVALID_ARGUMENT', sentence, { cause });
}
