import { RejectedError, toError, XorflowError } from '../../events/errors.ts';
import { printable } from '../table.ts';

/** A request to the API server, as it is told to people. */
export interface Call {
  readonly method: 'GET' | 'PATCH' | 'DELETE';
  /** The verb that a Role would allow. */
  readonly verb: string;
  readonly path: string;
  /** `brokers.eventing.knative.dev` */
  readonly resource: string;
  /** `Broker default` */
  readonly title: string;
  readonly namespace?: string | undefined;
}

/** The user lacks a right; what is only looked at for a better message can do without. */
export class Forbidden extends XorflowError {}

/** Others manage fields that were to be applied. */
export class FieldConflict extends RejectedError {
  readonly conflicts: readonly { readonly manager: string; readonly field: string }[];

  constructor(message: string, conflicts: FieldConflict['conflicts']) {
    super('FIELD_CONFLICT', message);
    this.conflicts = conflicts;
  }
}

/** What Kubernetes answers in place of an object; any of it may be missing. */
export interface Status {
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly causes?: readonly Cause[]; readonly kind?: string; readonly name?: string };
}

interface Cause {
  readonly reason?: string;
  readonly message?: string;
  readonly field?: string;
}

export function statusOf(body: unknown): Status {
  return typeof body === 'object' && body !== null ? (body as Status) : {};
}

/** An answer that is no success as one sentence: what is refused, why, and what to do about it. */
export function refusalOf(code: number, status: Status, call: Call, cluster: string): XorflowError {
  const where = call.namespace === undefined ? '' : ` in namespace ${call.namespace}`;
  const what = `${call.title}${where}`;
  const why = oneLine(status.message ?? `it answers ${code}`);
  const causes = status.details?.causes ?? [];
  if (code === 401) {
    return refused(`The credentials of ${cluster} are not accepted: log in again, or choose another --context`);
  }
  if (causes.some(({ reason }) => reason === 'NamespaceTerminating') || why.includes('it is being terminated')) {
    return refused(`Namespace ${call.namespace} is being deleted: wait until it is gone, then deploy again`);
  }
  if (/admission webhook|ValidatingAdmissionPolicy/.test(why)) return invalid(`The cluster refuses ${what}: ${why}`);
  // RBAC's own rule: nobody grants what he does not have.
  if (code === 403 && why.includes('attempting to grant')) return refused(`Forbidden in ${cluster}: ${why}`);
  if (code === 403) {
    const user = /User "([^"]+)"/.exec(why)?.[1] ?? 'you';
    return new Forbidden(
      'CLUSTER_REFUSED',
      `Forbidden in ${cluster}: ${user} may not ${call.verb} ${call.resource}${where}: ask for a Role that allows it`,
    );
  }
  if (code === 404 && call.method === 'PATCH') {
    return refused(`No namespace ${call.namespace} in ${cluster}: create it, or choose another one with --namespace`);
  }
  if (code === 409) return conflictOf(what, why, causes);
  if (code === 400 || code === 422 || why.includes('field not declared in schema')) {
    return invalid(`The cluster refuses ${what} as invalid: ${why}`);
  }
  if (code === 429 || code >= 500) return noAnswer(`The cluster of ${cluster} cannot take ${what} now: ${why}`);
  return refused(`The cluster refuses to ${call.verb} ${what} with ${code}: ${why}`);
}

/** Who else manages which fields; the API server names one field a cause. */
function conflictOf(what: string, why: string, causes: readonly Cause[]): XorflowError {
  const conflicts = causes
    .filter(({ reason }) => reason === 'FieldManagerConflict')
    .map(({ message = '', field = '' }) => ({
      manager: /conflict with "([^"]+)"/.exec(message)?.[1] ?? 'another',
      field: field.replace(/^\./, ''),
    }));
  if (conflicts.length === 0) return refused(`The cluster refuses ${what}: ${why}`);
  const managers = [...Map.groupBy(conflicts, ({ manager }) => manager)].map(
    ([manager, fields]) => `${manager} manages ${fields.map(({ field }) => field).join(', ')}`,
  );
  const sentence = `${what} is changed by others too: ${managers.join('; ')}: --force-conflicts takes the fields over`;
  return new FieldConflict(oneLine(sentence), conflicts);
}

/** Why there is no answer at all, in words that a person can do something about. */
export function whyNoAnswer(thrown: unknown): string {
  let error = toError(thrown);
  while (error.cause instanceof Error) error = error.cause;
  if (error instanceof AggregateError && error.errors[0] instanceof Error) error = error.errors[0];
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (code === 'ECONNREFUSED') return 'nobody listens there: is the cluster up, is its address right?';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'no host has this name: is the network or VPN up?';
  if (error.name === 'TimeoutError' || /TIMEDOUT|TIMEOUT/.test(code)) return 'it does not answer in time';
  if (/CERT|SIGNATURE|ISSUER|LEAF/.test(code))
    return `its certificate is not trusted (${code}): see certificate-authority`;
  if (/^HPE_|^ERR_SSL|EPROTO/.test(code)) return 'it does not speak the protocol of its address: http or https?';
  const text = oneLine(code !== '' && !message.includes(code) ? `${code}: ${message}` : message);
  return text === '' ? 'nobody says why' : text;
}

function oneLine(text: string): string {
  return printable(text.replace(/\s+/g, ' ').trim());
}

/** The cluster is away, or cannot work now: exit code 3. */
export function noAnswer(message: string, options?: ErrorOptions): XorflowError {
  return new XorflowError('PLATFORM_UNREACHABLE', message, options);
}

/** The cluster cannot take this, whatever is asked of it: exit code 3. */
export function refused(message: string): XorflowError {
  return new XorflowError('CLUSTER_REFUSED', message);
}

function invalid(message: string): XorflowError {
  return new RejectedError('INVALID_MANIFEST', message);
}
