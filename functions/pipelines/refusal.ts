import { type ErrorCode, RejectedError, TransientError } from '../../events/errors.ts';
import { isRecord } from '../client/http.ts';
import type { Call, Server } from './http.ts';

/** The API said no, and will say so again. */
export class Refused extends RejectedError {
  readonly status: number;

  constructor(status: number, code: ErrorCode, message: string) {
    super(code, message);
    this.status = status;
  }
}

/** What an answer that brings nothing means, in one sentence with what to do about it. */
export function refusalOf(
  server: Server,
  { method, path, right }: Call,
  response: Response,
  json: unknown,
): Refused | TransientError {
  const { url, namespace, credentials } = server;
  const { status } = response;
  const request = `${method} ${path.split('?', 1)[0]}`;
  const said = messageOf(json);
  const suffix = said === undefined ? '' : ` (${said})`;
  const where = `Kubeflow Pipelines at ${url}`;
  const refused = (code: ErrorCode, message: string) => new Refused(status, code, message);
  if (status >= 300 && status < 400) {
    const ways = 'give --token-file, or the cookie of a session in KF_PIPELINES_COOKIE';
    return refused('PLATFORM_UNREACHABLE', `${where} wants a login and got ${credentials.what}: ${ways}`);
  }
  if (status === 401) {
    const ways = 'give a token of audience pipelines.kubeflow.org by --token-file, or a cookie in KF_PIPELINES_COOKIE';
    return refused(
      'PLATFORM_UNREACHABLE',
      `${where} does not know who calls (401), it got ${credentials.what}: ${ways}${suffix}`,
    );
  }
  if (status === 403) {
    const place = namespace === undefined ? '' : ` in namespace ${namespace}`;
    const remedy = 'bind the role kubeflow-pipelines-edit to the caller there';
    return refused(
      'PLATFORM_UNREACHABLE',
      `${where} refuses ${request} (403): it takes the right to ${right}${place}, ${remedy}${suffix}`,
    );
  }
  if (status === 408 || status === 429 || status >= 500) {
    return new TransientError(
      'PLATFORM_UNREACHABLE',
      `${where} answers ${request} with ${status}${suffix}: try again later`,
    );
  }
  if (json === undefined || (said === undefined && status === 404)) {
    const type = response.headers.get('content-type')?.split(';', 1)[0] ?? 'nothing';
    return refused(
      'PLATFORM_UNREACHABLE',
      `No API of Kubeflow Pipelines at ${url}: ${request} is answered with ${status} and ${type}; expected the address in front of /apis/v2beta1/healthz`,
    );
  }
  const code = status === 404 ? 'NOT_FOUND' : 'INVALID_ARGUMENT';
  return refused(code, `${where} refuses ${request} with ${status}: ${said ?? 'it does not say why'}`);
}

/** The sentence of an error: uploads say it in `error_message`, the rest in `message`, both perhaps in more words. */
function messageOf(json: unknown): string | undefined {
  if (!isRecord(json)) return undefined;
  const { error_message: upload, message, error } = json;
  const text = [upload, message, error].find((part) => typeof part === 'string' && part !== '');
  if (typeof text !== 'string') return undefined;
  // On one line, without what a terminal would act on.
  const plain = text.replace(/[\p{Cc}\s]+/gu, ' ').trim();
  return plain.length > 500 ? `${plain.slice(0, 499)}…` : plain;
}
