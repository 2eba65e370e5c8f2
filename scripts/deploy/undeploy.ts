import { isFields, type KubernetesObject, keyOf, titleOf } from '../../knative/kustomize/resource.ts';
import type { Cluster } from './cluster.ts';
import { inSteps, isOurs } from './order.ts';
import type { Plan } from './plan.ts';
import { waitFor } from './wait.ts';

export interface UndeployOptions {
  /** Also the namespace and the volumes. */
  readonly all: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/** What is gone, what is still there, and why; each by its title. */
export interface Removal {
  readonly deleted: readonly string[];
  readonly kept: readonly { readonly object: string; readonly why: string }[];
  /** What did not go in time; what comes after it in the order was not touched. */
  readonly stuck: readonly { readonly object: string; readonly why: string }[];
}

const KEPT: ReadonlySet<string> = new Set(['Namespace', 'PersistentVolumeClaim']);

/** Deletes what the plan names, the last applied first, each group gone before the next one. */
export async function undeploy(cluster: Cluster, plan: Plan, options: UndeployOptions): Promise<Removal> {
  const { all, timeoutMs, signal, say } = options;
  const waiting = { deadline: performance.now() + timeoutMs, signal };
  const deleted: string[] = [];
  const kept: { object: string; why: string }[] = [];
  const { claims, known } = await claimsOf(cluster, plan.objects);

  for (const step of inSteps([...plan.objects, ...claims]).reverse()) {
    const leaving: KubernetesObject[] = [];
    for (const object of step) {
      const live = await cluster.read(object);
      if (live === undefined) continue;
      if (!isOurs(live) && !known.has(keyOf(object))) {
        kept.push({ object: titleOf(object), why: 'it lacks the label app.kubernetes.io/part-of=xorflow' });
      } else if (KEPT.has(object.kind) && !all) {
        kept.push({ object: titleOf(object), why: '--all deletes it too' });
      } else if (await cluster.remove(object)) {
        leaving.push(object);
      }
    }
    const isGone = (object: KubernetesObject, live: KubernetesObject | undefined) => {
      if (live !== undefined) return false;
      deleted.push(titleOf(object));
      say(`deleted: ${titleOf(object)}`);
      return true;
    };
    const pending = await waitFor(cluster, leaving, isGone, waiting);
    if (pending.length > 0) {
      return {
        deleted,
        kept,
        stuck: pending.map(({ object, live }) => ({ object: titleOf(object), why: whyStuck(live) })),
      };
    }
  }
  return { deleted, kept, stuck: [] };
}

/**
 * The volumes that the plan's StatefulSets have made, which stay when a StatefulSet goes; known are those of a
 * StatefulSet that is ours, whatever their own labels are.
 */
async function claimsOf(cluster: Cluster, objects: readonly KubernetesObject[]) {
  const claims: KubernetesObject[] = [];
  const known = new Set<string>();
  for (const object of objects.filter(({ kind }) => kind === 'StatefulSet')) {
    const { name, namespace = 'default' } = object.metadata;
    const templates = isFields(object.spec) ? object.spec.volumeClaimTemplates : undefined;
    if (!Array.isArray(templates) || templates.length === 0) continue;
    const volumes = templates.filter(isFields).map(({ metadata }) => (isFields(metadata) ? metadata.name : ''));
    const owner = await cluster.read(object);
    for (const claim of await cluster.list('v1', 'PersistentVolumeClaim', namespace)) {
      if (!volumes.includes(claim.metadata.name.replace(new RegExp(`-${name}-\\d+$`), ''))) continue;
      // Items of a list do not say what they are.
      const whole = { ...claim, apiVersion: 'v1', kind: 'PersistentVolumeClaim' };
      claims.push(whole);
      if (owner !== undefined && isOurs(owner)) known.add(keyOf(whole));
    }
  }
  return { claims, known };
}

function whyStuck(live: KubernetesObject | undefined): string {
  const finalizers = live?.metadata.finalizers;
  if (!Array.isArray(finalizers) || finalizers.length === 0) return 'it is still there';
  return `it waits for ${finalizers.join(', ')}: is what removes that running?`;
}
