import { isFields, type KubernetesObject, titleOf } from '../../knative/kustomize/resource.ts';
import { formatDuration } from '../table.ts';
import { applyBound } from './bound.ts';
import type { Cluster } from './cluster.ts';
import { AFTER_BINDINGS, hasReadiness, stepOf } from './order.ts';
import type { Plan } from './plan.ts';
import { checkCluster } from './preflight.ts';
import { readinessOf } from './readiness.ts';
import { explainNotReady, type NotReady } from './reasons.ts';
import { waitFor } from './wait.ts';

export interface DeployOptions {
  readonly timeoutMs: number;
  /** Takes fields over that others manage. */
  readonly force: boolean;
  readonly signal: AbortSignal;
  /** A line of progress. */
  readonly say: (text: string) => void;
}

/** What a deployment came to. */
export interface Deployment {
  readonly objects: readonly { readonly kind: string; readonly name: string; readonly result: 'created' | 'applied' }[];
  readonly notReady: readonly NotReady[];
  /** What was not applied because something before it is not ready. */
  readonly held: readonly string[];
  /** Where events go and where people look, as the cluster tells. */
  readonly addresses: Readonly<Record<string, string>>;
  readonly durationMs: number;
}

/**
 * Applies the objects in their order and waits until they are ready. JobSinks and Triggers come only when the
 * SinkBindings are ready: a Job that is made before has no sink for ever.
 *
 * @throws XorflowError with one sentence for whatever the cluster refuses
 */
export async function deploy(cluster: Cluster, wanted: Plan, options: DeployOptions): Promise<Deployment> {
  const { timeoutMs, force, signal, say } = options;
  const started = performance.now();
  const waiting = { deadline: started + timeoutMs, signal };
  const plan = await checkCluster(cluster, wanted);

  const results: { kind: string; name: string; result: 'created' | 'applied' }[] = [];
  const lives: KubernetesObject[] = [];
  const apply = async (objects: readonly KubernetesObject[]) => {
    for (const object of objects) {
      const { isNew } = await applyBound(cluster, object, { force });
      const result = isNew ? 'created' : 'applied';
      results.push({ kind: object.kind, name: object.metadata.name, result });
      say(`${result}: ${titleOf(object)}`);
    }
  };
  const isReady = (object: KubernetesObject, live: KubernetesObject | undefined) => {
    if (!readinessOf(live).isReady) return false;
    if (live) lives.push(live);
    say(`ready: ${titleOf(object)} after ${formatDuration(performance.now() - started)}`);
    return true;
  };
  const end = async (pending: Parameters<typeof explainNotReady>[2], held: readonly KubernetesObject[]) => ({
    objects: results,
    notReady: await explainNotReady(cluster, plan.namespace, pending),
    held: held.map(({ kind, metadata }) => `${kind} ${metadata.name}`),
    addresses: addressesOf(lives),
    durationMs: Math.round(performance.now() - started),
  });

  const { first = [], last = [] } = Object.groupBy(plan.objects, (object) =>
    stepOf(object) < AFTER_BINDINGS ? 'first' : 'last',
  );
  await apply(first);
  const bindings = first.filter(({ kind }) => kind === 'SinkBinding');
  const unbound = await waitFor(cluster, bindings, isReady, waiting);
  if (unbound.length > 0) {
    const brokers = first.filter(({ kind }) => kind === 'Broker');
    const broken = await waitFor(cluster, brokers, isReady, waiting);
    return end([...broken, ...unbound], last);
  }
  await apply(last);
  const rest = [...first, ...last].filter((object) => hasReadiness(object) && !bindings.includes(object));
  return end(await waitFor(cluster, rest, isReady, waiting), []);
}

function addressesOf(lives: readonly KubernetesObject[]): Record<string, string> {
  const entries = lives.flatMap(({ kind, metadata: { name }, status }): [string, string][] => {
    if (!isFields(status)) return [];
    const url = isFields(status.address) ? status.address.url : undefined;
    if (kind === 'Broker' && typeof url === 'string') return [['broker', url]];
    if (kind === 'Service' && name === 'gateway' && typeof status.url === 'string') return [['gateway', status.url]];
    return [];
  });
  return Object.fromEntries(entries);
}
