import { groupOf, isFields, type KubernetesObject } from '../../knative/kustomize/resource.ts';

/** How an object that can be ready stands; no reasons where it is. */
export interface Readiness {
  readonly isReady: boolean;
  readonly reasons: readonly string[];
}

interface Condition {
  readonly type?: unknown;
  readonly status?: unknown;
  readonly reason?: unknown;
  readonly message?: unknown;
}

/** Reads the status of a live object; one that speaks of an older generation tells nothing about this one. */
export function readinessOf(object: KubernetesObject | undefined): Readiness {
  if (object === undefined) return { isReady: false, reasons: ['it is gone'] };
  const status = isFields(object.status) ? object.status : {};
  const isSeen = Number(status.observedGeneration ?? 0) >= Number(object.metadata.generation ?? 1);
  const reasons = groupOf(object) === 'apps' ? replicaReasons(object, status) : conditionReasons(status);
  if (isSeen) return { isReady: reasons.length === 0, reasons };
  const unseen = Array.isArray(status.conditions)
    ? 'its controller has not seen the last change yet'
    : 'no controller has looked at it: is what makes this kind work installed and running?';
  return { isReady: false, reasons: [unseen] };
}

function replicaReasons({ spec }: KubernetesObject, status: Record<string, unknown>): string[] {
  const wanted = isFields(spec) ? Number(spec.replicas ?? 1) : 1;
  const [ready, updated] = [status.readyReplicas, status.updatedReplicas].map((count) => Number(count ?? 0));
  if (Math.min(ready ?? 0, updated ?? 0) >= wanted) return [];
  return [`${ready} of ${wanted} replicas are ready`];
}

function conditionReasons({ conditions }: Record<string, unknown>): string[] {
  const all = Array.isArray(conditions) ? conditions.filter(isFields) : [];
  const ready = all.find(({ type }) => type === 'Ready');
  if (ready?.status === 'True') return [];
  if (ready === undefined) return ['it has no condition Ready yet'];
  const sentences = all.filter(({ status }) => status !== 'True').map(describe);
  // A condition and the one that it comes from often say the same.
  return [...new Set([describe(ready), ...sentences])];
}

function describe({ type, status, reason, message }: Condition): string {
  return [`${type} is ${status}`, reason, message].filter((part) => part !== undefined && part !== '').join(': ');
}
