import { isFields, type KubernetesObject } from '../../knative/kustomize/resource.ts';

/** The label by which policies name a namespace. */
const NAME_LABEL = 'kubernetes.io/metadata.name';

/**
 * Objects moved from one namespace to another: the namespace itself, what lives in it, and whatever refers to it by a
 * field, a list, a label of a selector or the host of a Service. What lives elsewhere stays there.
 */
export function moveNamespace(objects: readonly KubernetesObject[], from: string, to: string): KubernetesObject[] {
  return objects.map((object) => {
    const moved = move(object, from, to) as KubernetesObject;
    const isIt = object.kind === 'Namespace' && object.metadata.name === from;
    return isIt ? { ...moved, metadata: { ...moved.metadata, name: to } } : moved;
  });
}

function move(value: unknown, from: string, to: string): unknown {
  if (typeof value === 'string') return value.replaceAll(`.${from}.svc`, `.${to}.svc`);
  if (Array.isArray(value)) return value.map((item) => move(item, from, to));
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (key === 'namespace' && inner === from) return [key, to];
      if (key === 'namespaces' && Array.isArray(inner)) return [key, inner.map((one) => (one === from ? to : one))];
      if (key === 'matchLabels' && isFields(inner)) return [key, moveLabels(inner, from, to)];
      return [key, move(inner, from, to)];
    }),
  );
}

function moveLabels(labels: Record<string, unknown>, from: string, to: string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(labels).map(([key, value]) => [key, key === NAME_LABEL && value === from ? to : value]),
  );
}
