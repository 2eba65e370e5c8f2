import type { Kustomization } from './kustomization.ts';
import { isClusterWide, isFields, type KubernetesObject, type Resource } from './resource.ts';

const TEMPLATED: ReadonlySet<string> = new Set([
  'apps/v1 Deployment',
  'apps/v1 StatefulSet',
  'apps/v1 DaemonSet',
  'apps/v1 ReplicaSet',
  'batch/v1 Job',
]);

/** Puts everything into a namespace, as kustomize does: also what names another one. */
export function setNamespace(resources: readonly Resource[], namespace: string): void {
  const accounts = new Set(
    resources.filter(({ object }) => object.kind === 'ServiceAccount').map(({ object }) => object.metadata.name),
  );
  for (const { object, names } of resources) {
    if (object.kind === 'Namespace') object.metadata.name = namespace;
    else if (!isClusterWide(object)) object.metadata.namespace = namespace;
    for (const subject of subjectsOf(object)) {
      const isOurs = subject.name === 'default' || accounts.has(String(subject.name));
      if (subject.kind === 'ServiceAccount' && isOurs) subject.namespace = namespace;
    }
    remember({ object, names });
  }
}

function subjectsOf(object: KubernetesObject): Record<string, unknown>[] {
  if (object.kind !== 'RoleBinding' && object.kind !== 'ClusterRoleBinding') return [];
  return Array.isArray(object.subjects) ? object.subjects.filter(isFields) : [];
}

function remember({ object, names }: Resource): void {
  const { name, namespace } = object.metadata;
  names.push({ name, namespace });
}

/** Adds labels; with `includeTemplates` also to what the objects make pods and volumes of. */
export function addLabels(resources: readonly Resource[], labels: Kustomization['labels']): void {
  for (const { pairs, includeTemplates } of labels) {
    for (const { object } of resources) {
      object.metadata.labels = { ...object.metadata.labels, ...pairs };
      if (includeTemplates && TEMPLATED.has(`${object.apiVersion} ${object.kind}`)) labelTemplates(object, pairs);
    }
  }
}

function labelTemplates(object: KubernetesObject, pairs: Record<string, string>): void {
  if (!isFields(object.spec)) return;
  const claims = object.kind === 'StatefulSet' ? object.spec.volumeClaimTemplates : undefined;
  for (const template of [object.spec.template, ...(Array.isArray(claims) ? claims : [])]) {
    if (!isFields(template)) continue;
    const metadata = isFields(template.metadata) ? template.metadata : {};
    const labels = isFields(metadata.labels) ? metadata.labels : {};
    template.metadata = { ...metadata, labels: { ...labels, ...pairs } };
  }
}

/** Exchanges the images of all containers, wherever in an object they are. */
export function setImages(resources: readonly Resource[], images: Kustomization['images']): void {
  for (const { object } of resources) {
    for (const container of containersOf(object)) {
      for (const image of images) container.image = exchange(String(container.image), image);
    }
  }
}

/** The containers of an object that name an image. */
export function containersOf(value: unknown): Record<string, unknown>[] {
  if (Array.isArray(value)) return value.flatMap(containersOf);
  if (!isFields(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const isList = (key === 'containers' || key === 'initContainers') && Array.isArray(inner);
    return isList ? inner.filter((one) => isFields(one) && typeof one.image === 'string') : containersOf(inner);
  });
}

/** The parts of `registry:5000/name:tag@digest`. */
export function splitImage(image: string): { readonly name: string; readonly rest: string } {
  const { name = image, rest = '' } = /^(?<name>.+?)(?<rest>(?::[^:/@]+)?(?:@.+)?)$/.exec(image)?.groups ?? {};
  return { name, rest };
}

function exchange(image: string, { name, newName, newTag, digest }: Kustomization['images'][number]): string {
  const found = splitImage(image);
  if (found.name !== name) return image;
  const rest = digest !== undefined ? `@${digest}` : newTag !== undefined ? `:${newTag}` : found.rest;
  return `${newName ?? name}${rest}`;
}
