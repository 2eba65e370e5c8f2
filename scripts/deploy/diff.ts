import type { KubernetesObject } from '../../knative/kustomize/resource.ts';
import { applyBound } from './bound.ts';
import { type Change, changesBetween } from './changes.ts';
import type { Cluster } from './cluster.ts';
import type { Plan } from './plan.ts';
import { checkCluster } from './preflight.ts';

/** What deploying would do to one object. */
export interface Difference {
  readonly object: KubernetesObject;
  readonly kind: 'new' | 'changed' | 'unchanged';
  readonly changes: readonly Change[];
}

/**
 * Asks the cluster what would become of every object, and compares that with what it is: fields that the cluster fills
 * in by itself are on both sides.
 *
 * @throws XorflowError with one sentence for whatever the cluster would refuse
 */
export async function diff(cluster: Cluster, plan: Plan, force: boolean): Promise<Difference[]> {
  const { objects } = await checkCluster(cluster, plan);
  const missing = new Set<string>();
  const differences: Difference[] = [];
  for (const object of objects) {
    const live = await cluster.read(object);
    if (live === undefined && object.kind === 'Namespace') missing.add(object.metadata.name);
    // Nothing can be asked about what is in a namespace that is not there yet.
    const isAskable = !missing.has(object.metadata.namespace ?? '');
    const wanted = isAskable ? (await applyBound(cluster, object, { force, dryRun: true })).object : object;
    const changes = live === undefined ? [] : changesBetween(live, wanted);
    differences.push({
      object,
      kind: live === undefined ? 'new' : changes.length > 0 ? 'changed' : 'unchanged',
      changes,
    });
  }
  return differences;
}
