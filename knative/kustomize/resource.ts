/** Plain data of a manifest. */
export type Fields = Record<string, unknown>;

/** What every object of Kubernetes has. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    [field: string]: unknown;
  };
  [field: string]: unknown;
}

/** An object on its way through kustomizations, with the names that it had: patches may use any of them. */
export interface Resource {
  object: KubernetesObject;
  readonly names: { readonly name: string; readonly namespace: string | undefined }[];
}

/** Kinds that live in no namespace; kustomize takes every kind that it does not know for a namespaced one. */
const CLUSTER_WIDE: ReadonlySet<string> = new Set([
  'Namespace',
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
  'PersistentVolume',
  'PriorityClass',
  'StorageClass',
]);

export function isClusterWide({ kind }: { readonly kind: string }): boolean {
  return CLUSTER_WIDE.has(kind);
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function isObject(value: unknown): value is KubernetesObject {
  if (!isFields(value) || typeof value.apiVersion !== 'string' || typeof value.kind !== 'string') return false;
  return isFields(value.metadata) && typeof value.metadata.name === 'string';
}

export function toResource(object: KubernetesObject): Resource {
  return { object, names: [{ name: object.metadata.name, namespace: object.metadata.namespace }] };
}

/** `apps` of `apps/v1`; the empty text of `v1`. */
export function groupOf({ apiVersion }: { readonly apiVersion: string }): string {
  return apiVersion.includes('/') ? apiVersion.slice(0, apiVersion.indexOf('/')) : '';
}

/** How an object is named to people: `Broker default in namespace xorflow`. */
export function titleOf({ kind, metadata: { name, namespace } }: KubernetesObject): string {
  return `${kind} ${name}${namespace === undefined ? '' : ` in namespace ${namespace}`}`;
}

/** Equal for the same object in whatever version of its API. */
export function keyOf(object: KubernetesObject): string {
  return [groupOf(object), object.kind, object.metadata.namespace ?? '', object.metadata.name].join('/');
}
