/** One kind of objects that the stand-in offers. */
export interface Resource {
  readonly apiVersion: string;
  readonly name: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

const NAMESPACED: Readonly<Record<string, readonly string[]>> = {
  v1: ['ServiceAccount', 'Secret', 'ConfigMap', 'Service', 'Pod', 'Event', 'PersistentVolumeClaim'],
  'apps/v1': ['StatefulSet', 'Deployment'],
  'rbac.authorization.k8s.io/v1': ['Role', 'RoleBinding'],
  'networking.k8s.io/v1': ['NetworkPolicy'],
  'security.istio.io/v1': ['AuthorizationPolicy'],
  'eventing.knative.dev/v1': ['Broker', 'Trigger'],
  'eventing.knative.dev/v1alpha1': ['EventPolicy', 'RabbitmqBrokerConfig'],
  'sources.knative.dev/v1': ['SinkBinding', 'ApiServerSource'],
  'sinks.knative.dev/v1alpha1': ['JobSink'],
  'serving.knative.dev/v1': ['Service'],
};
const CLUSTER_WIDE: Readonly<Record<string, readonly string[]>> = {
  v1: ['Namespace'],
  'rbac.authorization.k8s.io/v1': ['ClusterRole', 'ClusterRoleBinding'],
};

export const RESOURCES: readonly Resource[] = [
  ...Object.entries(NAMESPACED).flatMap(([apiVersion, kinds]) =>
    kinds.map((kind) => toResource(apiVersion, kind, true)),
  ),
  ...Object.entries(CLUSTER_WIDE).flatMap(([apiVersion, kinds]) =>
    kinds.map((kind) => toResource(apiVersion, kind, false)),
  ),
];

function toResource(apiVersion: string, kind: string, namespaced: boolean): Resource {
  const lower = kind.toLowerCase();
  return { apiVersion, kind, namespaced, name: lower.endsWith('y') ? `${lower.slice(0, -1)}ies` : `${lower}s` };
}

/** `brokers.eventing.knative.dev` */
export function qualified({ apiVersion, name }: Resource): string {
  return apiVersion.includes('/') ? `${name}.${apiVersion.slice(0, apiVersion.indexOf('/'))}` : name;
}
