import { groupOf, type KubernetesObject } from '../../knative/kustomize/resource.ts';

/** The label that says whose an object is. */
const PART_OF = 'app.kubernetes.io/part-of';
const PROJECT = 'xorflow';

/** Groups of objects in the order in which they depend on each other; what no group names is configuration. */
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
  ['JobSink'],
  ['Trigger'],
];
const CONFIGURATION = 4;
/** A Job that is made before its SinkBinding is ready has no sink for ever; Triggers bring the events that make Jobs. */
export const AFTER_BINDINGS = STEPS.findIndex((kinds) => kinds.includes('JobSink'));

/** The number of the group that an object is applied with. */
export function stepOf({ apiVersion, kind }: KubernetesObject): number {
  const step = STEPS.findIndex((kinds) => kinds.includes(kind) || kinds.includes(`${apiVersion} ${kind}`));
  return step < 0 ? CONFIGURATION : step;
}

/** Objects by their groups, the first ones first. */
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

/** Whether something tells when the object is ready: a condition, or its replicas. */
export function hasReadiness(object: KubernetesObject): boolean {
  const group = groupOf(object);
  if (group === 'apps') return object.kind === 'StatefulSet' || object.kind === 'Deployment';
  return (
    group.endsWith('knative.dev') && ['Broker', 'SinkBinding', 'Service', 'JobSink', 'Trigger'].includes(object.kind)
  );
}
