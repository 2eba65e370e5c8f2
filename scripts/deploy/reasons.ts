import { isFields, type KubernetesObject } from '../../knative/kustomize/resource.ts';
import { printable } from '../table.ts';
import { Forbidden } from './answers.ts';
import type { Cluster } from './cluster.ts';
import { readinessOf } from './readiness.ts';

/** Why an object is not ready, as far as the cluster tells. */
export interface NotReady {
  readonly kind: string;
  readonly name: string;
  /** Of its status: `Ready is False: RevisionMissing: …`. */
  readonly reasons: readonly string[];
  /** The newest warnings about it and its pods, the newest first. */
  readonly events: readonly string[];
}

const NEWEST = 3;

/** Collects the conditions of what is not ready, and the newest warnings of each and of its pods. */
export async function explainNotReady(
  cluster: Cluster,
  namespace: string,
  pending: readonly { readonly object: KubernetesObject; readonly live: KubernetesObject | undefined }[],
): Promise<NotReady[]> {
  if (pending.length === 0) return [];
  const [events, pods] = await Promise.all([
    list(cluster, 'Event', namespace, { fieldSelector: 'type=Warning' }),
    list(cluster, 'Pod', namespace),
  ]);
  const newest = [...events].sort((a, b) => timeOf(b).localeCompare(timeOf(a)));
  return pending.map(({ object, live }) => {
    const names = new Set(pods.filter((pod) => belongs(pod, object)).map(({ metadata }) => metadata.name));
    const texts = newest.filter((event) => isAbout(event, object, names)).map(describe);
    return {
      kind: object.kind,
      name: object.metadata.name,
      reasons: readinessOf(live).reasons.map(printable),
      events: [...new Set(texts)].slice(0, NEWEST),
    };
  });
}

/** Lines for people: the objects, their reasons and warnings below them. */
export function formatNotReady(all: readonly NotReady[]): string {
  const lines = all.flatMap(({ kind, name, reasons, events }) => [
    `  ${kind} ${name}: ${reasons[0] ?? 'not ready'}`,
    ...[...reasons.slice(1), ...events].map((text) => `    ${text}`),
  ]);
  return `${lines.join('\n')}\n`;
}

/** Nothing where the user may not look: what is known without it is told anyway. */
async function list(...[cluster, kind, namespace, selector]: [Cluster, string, string, { fieldSelector: string }?]) {
  try {
    return await cluster.list('v1', kind, namespace, selector);
  } catch (error) {
    if (error instanceof Forbidden) return [];
    throw error;
  }
}

function belongs(pod: KubernetesObject, { kind, metadata: { name } }: KubernetesObject): boolean {
  if (kind === 'Service') return pod.metadata.labels?.['serving.knative.dev/service'] === name;
  return kind === 'StatefulSet' && pod.metadata.name.startsWith(`${name}-`) && /-\d+$/.test(pod.metadata.name);
}

function isAbout({ involvedObject }: KubernetesObject, object: KubernetesObject, pods: ReadonlySet<string>): boolean {
  if (!isFields(involvedObject)) return false;
  const { kind, name } = involvedObject;
  if (kind === 'Pod') return pods.has(String(name));
  if (kind === object.kind && name === object.metadata.name) return true;
  // Serving tells of a Service at what it makes of it: a Configuration and Revisions such as train-00001.
  const isMadeOfIt = kind === 'Configuration' || kind === 'Revision';
  return object.kind === 'Service' && isMadeOfIt && String(name).replace(/-\d{5}$/, '') === object.metadata.name;
}

function timeOf({ lastTimestamp, eventTime, metadata }: KubernetesObject): string {
  return String(lastTimestamp ?? eventTime ?? metadata.creationTimestamp ?? '');
}

function describe({ reason, message, involvedObject }: KubernetesObject): string {
  const about = isFields(involvedObject) ? `${involvedObject.kind} ${involvedObject.name}` : 'something';
  return printable(`Warning ${reason} of ${about}: ${String(message).replace(/\s+/g, ' ').trim()}`);
}
