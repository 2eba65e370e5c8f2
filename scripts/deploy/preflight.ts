import { type Fields, groupOf, isFields, type KubernetesObject } from '../../knative/kustomize/resource.ts';
import { usageError } from '../exit.ts';
import { Forbidden, refused } from './answers.ts';
import { isBindable, withBinding } from './bound.ts';
import type { Cluster } from './cluster.ts';
import { BROKER_CLASS, type Plan, STORE_SECRET } from './plan.ts';

const KNATIVE = 'https://knative.dev/docs/install/';

/** Who defines the kinds of a group, and where it is to be had. */
const PRODUCTS: Readonly<Record<string, readonly [string, string]>> = {
  'eventing.knative.dev': ['Knative Eventing', KNATIVE],
  'sources.knative.dev': ['Knative Eventing', KNATIVE],
  'sinks.knative.dev': ['a Knative Eventing that has JobSink', KNATIVE],
  'serving.knative.dev': ['Knative Serving', KNATIVE],
  'security.istio.io': ['Istio', 'https://istio.io/latest/docs/setup/'],
  'rabbitmq.com': ['the RabbitMQ operators', 'https://www.rabbitmq.com/kubernetes/operator/operator-overview'],
};
const RABBITMQ_BROKER = [
  'the RabbitMQ broker of Knative',
  'https://github.com/knative-extensions/eventing-rabbitmq',
] as const;

/**
 * Looks, before anything is changed, for what would fail in the middle: definitions and a namespace that are missing, a
 * Broker of another class, a store that nobody names.
 *
 * @returns the plan as it fits what is there: a password stays, and so does a Broker whose class nobody chose,
 * and what SinkBindings have done
 * @throws XorflowError with what to do first
 */
export async function checkCluster(cluster: Cluster, plan: Plan): Promise<Plan> {
  await checkKinds(cluster, plan.objects);
  const hasNamespace = await checkNamespace(cluster, plan);
  if (!hasNamespace) {
    if (plan.lacksStore) throw noStore(plan.namespace);
    return plan;
  }
  const objects = await Promise.all(
    plan.objects.map(async (object) => {
      if (object.kind === 'Broker') return fitBroker(cluster, object);
      return isBindable(object) ? withBinding(object, await cluster.read(object)) : object;
    }),
  );
  return { ...plan, objects: await fitStore(cluster, { ...plan, objects }) };
}

/** Every kind that the cluster has no definition of, with what to install. */
async function checkKinds(cluster: Cluster, objects: readonly KubernetesObject[]): Promise<void> {
  const missing = new Map<string, { readonly names: Set<string>; readonly url: string }>();
  for (const object of objects) {
    const { apiVersion, kind } = object;
    if ((await cluster.kindsOf(apiVersion))?.some((resource) => resource.kind === kind)) continue;
    const group = groupOf(object);
    const [product, url] =
      kind === 'RabbitmqBrokerConfig' ? RABBITMQ_BROKER : (PRODUCTS[group] ?? [`what defines ${apiVersion}`, '']);
    const entry = missing.get(product) ?? { names: new Set<string>(), url };
    entry.names.add(`${pluralOf(kind)}.${group}`);
    missing.set(product, entry);
  }
  if (missing.size === 0) return;
  const lacks = [...missing].map(([product, { names }]) => `${product} (no ${[...names].join(', ')})`);
  const urls = [...new Set([...missing.values()].map(({ url }) => url))].filter((url) => url !== '');
  const see = urls.length === 0 ? '' : `, see ${urls.join(' and ')}`;
  throw refused(`Not installed in ${cluster.title}: ${lacks.join(' and ')}: install it first${see}`);
}

/** False where the plan brings the namespace. */
async function checkNamespace(cluster: Cluster, { namespace, objects }: Plan): Promise<boolean> {
  const brings = objects.some(({ kind, metadata }) => kind === 'Namespace' && metadata.name === namespace);
  const metadata = { name: namespace };
  let live: KubernetesObject | undefined;
  try {
    live = await cluster.read({ apiVersion: 'v1', kind: 'Namespace', metadata });
  } catch (error) {
    // Whoever owns one namespace often may not look at namespaces; what is wrong with it shows at the first object.
    if (error instanceof Forbidden) return true;
    throw error;
  }
  const phase = isFields(live?.status) ? live.status.phase : undefined;
  if (phase === 'Terminating') {
    throw refused(`Namespace ${namespace} is being deleted: wait until it is gone, then deploy again`);
  }
  if (live === undefined && !brings) {
    throw refused(
      `No namespace ${namespace} in ${cluster.title}: create it (in Kubeflow, a Profile does), or choose with --namespace`,
    );
  }
  return live !== undefined;
}

/** Class and config of a Broker can never be changed; where nobody chooses them, they stay what they are. */
async function fitBroker(cluster: Cluster, broker: KubernetesObject): Promise<KubernetesObject> {
  const live = await cluster.read(broker);
  const is = live?.metadata.annotations?.[BROKER_CLASS];
  const wanted = broker.metadata.annotations?.[BROKER_CLASS];
  if (live === undefined || is === undefined) return broker;
  const [has, asks] = [live, broker].map(configOf);
  if (wanted === undefined) {
    const annotations = { ...broker.metadata.annotations, [BROKER_CLASS]: is };
    const config = has === undefined ? {} : { config: has };
    const spec = { ...(isFields(broker.spec) ? broker.spec : {}), ...config };
    return { ...broker, metadata: { ...broker.metadata, annotations }, spec };
  }
  const { name, namespace } = broker.metadata;
  const what = `Broker ${name} in namespace ${namespace}`;
  const advice = 'run "xorflow undeploy" first, or deploy without --broker';
  if (is !== wanted) {
    throw usageError(`${what} is of class ${is}, and a class cannot be changed to ${wanted}: ${advice}`);
  }
  const [hasName, asksName] = [has, asks].map((config) => config && `${config.kind} ${config.name}`);
  if (asksName !== undefined && hasName !== undefined && asksName !== hasName) {
    throw usageError(`${what} has the config ${hasName}, which cannot be changed to ${asksName}: ${advice}`);
  }
  return broker;
}

function configOf({ spec }: KubernetesObject): Fields | undefined {
  return isFields(spec) && isFields(spec.config) ? spec.config : undefined;
}

/** A Redis keeps the password that it was started with, and its disk what was written with it. */
async function fitStore(cluster: Cluster, plan: Plan): Promise<readonly KubernetesObject[]> {
  const { namespace, objects, lacksStore, isStoreNew } = plan;
  if (!lacksStore && !isStoreNew) return objects;
  try {
    const metadata = { name: STORE_SECRET, namespace };
    const live = await cluster.read({ apiVersion: 'v1', kind: 'Secret', metadata });
    if (lacksStore && live === undefined) throw noStore(namespace);
    const hasPassword = isFields(live?.data) && live.data.password !== undefined;
    return isStoreNew && hasPassword
      ? objects.filter((object) => object.kind !== 'Secret' || object.metadata.name !== STORE_SECRET)
      : objects;
  } catch (error) {
    // With a password made up over one that cannot be read, the functions would lose their store.
    if (error instanceof Forbidden && !isStoreNew) return objects;
    throw error;
  }
}

function noStore(namespace: string): Error {
  return usageError(
    `No Secret ${STORE_SECRET} in namespace ${namespace}: expected --redis, or --store-url such as redis://host:6379`,
  );
}

function pluralOf(kind: string): string {
  const lower = kind.toLowerCase();
  return lower.endsWith('y') ? `${lower.slice(0, -1)}ies` : `${lower}s`;
}
