import { groupOf, type KubernetesObject } from '../../knative/kustomize/resource.ts';

/** The label that says whose an object is. */
const PART_OF = 'app.kubernetes.io/part-of';
const PROJECT = 'xorflow';

/** Kinds and groups in the order in which they depend on each other; what no step names is configuration. */
const STEPS: readonly (readonly string[])[] = [
  ['Namespace'],
  ['ServiceAccount', 'Secret', 'ConfigMap'],
  ['ClusterRole', 'Role', 'ClusterRoleBinding', 'RoleBinding'],
  ['EventPolicy', 'AuthorizationPolicy', 'PeerAuthentication', 'NetworkPolicy', 'PodDisruptionBudget'],
  [],
  ['Broker'],
  ['PersistentVolumeClaim', 'v1 Service', 'Deployment', 'StatefulSet'],
  ['SinkBinding'],
  ['serving.knative.dev/v1 Service'],
  ['JobSink', 'sources.knative.dev'],
  ['Trigger'],
];
const CONFIGURATION = 4;
/** A Job that is made before its SinkBinding is ready has no sink for ever; Triggers bring the events that make Jobs. */
export const AFTER_BINDINGS = STEPS.findIndex((kinds) => kinds.includes('JobSink'));

/** The number of the step that an object is applied with. */
export function stepOf(object: KubernetesObject): number {
  const names = [object.kind, `${object.apiVersion} ${object.kind}`, groupOf(object)];
  const step = STEPS.findIndex((kinds) => names.some((name) => kinds.includes(name)));
  return step < 0 ? CONFIGURATION : step;
}

/** Objects by their steps, the first ones first. */
export function inSteps<O extends KubernetesObject>(objects: readonly O[]): O[][] {
  const byStep = Map.groupBy(objects, stepOf);
  return [...byStep.keys()].sort((a, b) => a - b).map((step) => byStep.get(step) ?? []);
}

/** Whether an object is this project's by its label. */
export function isOurs({ metadata }: KubernetesObject): boolean {
  return metadata.labels?.[PART_OF] === PROJECT;
}

/** The object with the label that says that it is ours. */
export function markOurs(object: KubernetesObject): KubernetesObject {
  const labels = { ...object.metadata.labels, [PART_OF]: PROJECT };
  return { ...object, metadata: { ...object.metadata, labels } };
}

/** What becomes ready beside the sources. An EventPolicy does only where the cluster has authentication switched on. */
const READY_KINDS: readonly string[] = [
  'apps/Deployment',
  'apps/StatefulSet',
  'eventing.knative.dev/Broker',
  'eventing.knative.dev/Trigger',
  'serving.knative.dev/Service',
  'sinks.knative.dev/JobSink',
];

/** Whether something tells when the object is ready: a condition, or its replicas. */
export function hasReadiness(object: KubernetesObject): boolean {
  const group = groupOf(object);
  return group === 'sources.knative.dev' || READY_KINDS.includes(`${group}/${object.kind}`);
}
