import { type Fields, isFields, type KubernetesObject } from '../../knative/kustomize/resource.ts';
import { FieldConflict } from './answers.ts';
import type { Applied, ApplyOptions, Cluster } from './cluster.ts';

/** What a SinkBinding adds to every container that it binds, and to the pod where the sink wants tokens. */
const ADDED_ENV: readonly string[] = ['K_SINK', 'K_CE_OVERRIDES', 'K_CA_CERTS'];
const ADDED_VOLUME: readonly string[] = ['oidc-token'];
/** Eventing's program that carries out SinkBindings, as it signs its changes. */
const BINDER = /^(?:eventing-)?webhook$/;

export function isBindable({ apiVersion, kind }: KubernetesObject): boolean {
  return kind === 'Service' && apiVersion.startsWith('serving.knative.dev/');
}

/**
 * A Service with what a SinkBinding has added to the live one: in Serving's definition the containers are one field, so
 * that to apply them without it would take the sink away from the functions until the binding is carried out again.
 */
export function withBinding(object: KubernetesObject, live: KubernetesObject | undefined): KubernetesObject {
  const [bound, copy] = [podOf(live), structuredClone(object)];
  const pod = podOf(copy);
  if (bound === undefined || pod === undefined) return copy;
  const was = itemsOf(bound.containers);
  itemsOf(pod.containers).forEach((container, index) => {
    // Serving names a container that has no name.
    const before = was.find(({ name }) => name === container.name) ?? was[index];
    add(container, 'env', before, ADDED_ENV);
    add(container, 'volumeMounts', before, ADDED_VOLUME);
  });
  add(pod, 'volumes', bound, ADDED_VOLUME);
  return copy;
}

/**
 * Applies an object. A conflict about the pods of a Service with nobody but the program that carries out SinkBindings is
 * none: what that has added is in the object.
 */
export async function applyBound(cluster: Cluster, object: KubernetesObject, options: ApplyOptions): Promise<Applied> {
  try {
    return await cluster.apply(object, options);
  } catch (error) {
    const isBindings =
      error instanceof FieldConflict &&
      isBindable(object) &&
      error.conflicts.every(({ manager, field }) => BINDER.test(manager) && field.startsWith('spec.template.spec.'));
    if (!isBindings) throw error;
    return cluster.apply(object, { ...options, force: true });
  }
}

function podOf(object: KubernetesObject | undefined): Fields | undefined {
  const template = isFields(object?.spec) ? object.spec.template : undefined;
  return isFields(template) && isFields(template.spec) ? template.spec : undefined;
}

function itemsOf(list: unknown): Fields[] {
  return Array.isArray(list) ? list.filter(isFields) : [];
}

function add(target: Fields, field: string, source: Fields | undefined, names: readonly string[]): void {
  const own = itemsOf(target[field]);
  const added = itemsOf(source?.[field]).filter(
    ({ name }) => names.includes(String(name)) && !own.some((item) => item.name === name),
  );
  if (added.length > 0) target[field] = [...own, ...added];
}
