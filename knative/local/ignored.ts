/** A step of a path: a field's name, `*` for any index or key, `prefix/` for every key that begins so. */
type Step = string;

export interface IgnoredField {
  readonly kind: string;
  readonly path: readonly Step[];
  readonly reason: string;
}

const template = ['spec', 'template'] as const;
const container = [...template, 'spec', 'containers', '*'] as const;
const jobSpec = ['spec', 'job', 'spec'] as const;
const jobPod = [...jobSpec, 'template', 'spec'] as const;
const jobContainer = [...jobPod, 'containers', '*'] as const;
const PODS = 'no pods on one machine: the process of the interpreter is the only instance';
const SANDBOX = 'no container on one machine: the function runs as the user who started the platform';
const NO_AUTH = 'no identities on one machine: everything listens on loopback only';

/** The one list of fields that have no meaning on one machine. Whatever is neither here nor honoured is refused. */
export const IGNORED_FIELDS: readonly IgnoredField[] = [
  {
    kind: 'Broker',
    path: ['metadata', 'annotations', 'eventing.knative.dev/broker.class'],
    reason: 'one local broker stands in for every class',
  },
  {
    kind: 'Broker',
    path: ['spec', 'config'],
    reason: 'what a broker class keeps its events in; the local broker has its journal',
  },
  {
    kind: 'Trigger',
    path: ['metadata', 'annotations', 'rabbitmq.eventing.knative.dev/parallelism'],
    reason: 'containerConcurrency alone bounds what runs at once',
  },
  { kind: 'Trigger', path: ['spec', 'subscriber', 'audience'], reason: NO_AUTH },
  { kind: 'Trigger', path: ['spec', 'subscriber', 'CACerts'], reason: NO_AUTH },
  { kind: '*', path: ['spec', 'delivery', 'deadLetterSink', 'audience'], reason: NO_AUTH },
  { kind: '*', path: ['spec', 'delivery', 'deadLetterSink', 'CACerts'], reason: NO_AUTH },
  { kind: 'SinkBinding', path: ['spec', 'sink', 'audience'], reason: NO_AUTH },
  { kind: 'SinkBinding', path: ['spec', 'sink', 'CACerts'], reason: NO_AUTH },
  { kind: 'Service', path: [...template, 'metadata', 'labels'], reason: PODS },
  { kind: 'Service', path: [...template, 'metadata', 'annotations', 'autoscaling.knative.dev/'], reason: PODS },
  {
    kind: 'Service',
    path: [...template, 'metadata', 'annotations', 'sidecar.istio.io/inject'],
    reason: 'no mesh on one machine',
  },
  { kind: 'Service', path: [...template, 'spec', 'automountServiceAccountToken'], reason: NO_AUTH },
  { kind: 'Service', path: [...template, 'spec', 'serviceAccountName'], reason: NO_AUTH },
  { kind: 'Service', path: [...template, 'spec', 'enableServiceLinks'], reason: PODS },
  { kind: 'Service', path: [...template, 'spec', 'imagePullSecrets'], reason: SANDBOX },
  { kind: 'Service', path: [...container, 'name'], reason: SANDBOX },
  { kind: 'Service', path: [...container, 'image'], reason: 'the command runs from the source files of the project' },
  { kind: 'Service', path: [...container, 'imagePullPolicy'], reason: SANDBOX },
  { kind: 'Service', path: [...container, 'ports'], reason: 'PORT names a free port of the machine' },
  { kind: 'Service', path: [...container, 'resources'], reason: SANDBOX },
  { kind: 'Service', path: [...container, 'securityContext'], reason: SANDBOX },
  {
    kind: 'Service',
    path: [...container, 'livenessProbe'],
    reason: 'a function is started again when its process ends, not when it hangs',
  },
  ...['failureThreshold', 'initialDelaySeconds', 'periodSeconds', 'successThreshold', 'timeoutSeconds'].map(
    (field) => ({
      kind: 'Service',
      path: [...container, 'readinessProbe', field],
      reason: 'the interpreter asks as often as it takes',
    }),
  ),
  {
    kind: 'JobSink',
    path: [...jobSpec, 'ttlSecondsAfterFinished'],
    reason: 'what a Job came to is kept as long as the store is',
  },
  { kind: 'JobSink', path: [...jobSpec, 'podFailurePolicy', 'rules', '*', 'onPodConditions'], reason: PODS },
  { kind: 'JobSink', path: [...jobSpec, 'template', 'metadata'], reason: PODS },
  { kind: 'JobSink', path: [...jobPod, 'automountServiceAccountToken'], reason: NO_AUTH },
  { kind: 'JobSink', path: [...jobPod, 'serviceAccountName'], reason: NO_AUTH },
  { kind: 'JobSink', path: [...jobPod, 'enableServiceLinks'], reason: PODS },
  { kind: 'JobSink', path: [...jobPod, 'imagePullSecrets'], reason: SANDBOX },
  { kind: 'JobSink', path: [...jobPod, 'securityContext'], reason: SANDBOX },
  { kind: 'JobSink', path: [...jobContainer, 'name'], reason: SANDBOX },
  {
    kind: 'JobSink',
    path: [...jobContainer, 'image'],
    reason: 'the command runs from the source files of the project',
  },
  { kind: 'JobSink', path: [...jobContainer, 'imagePullPolicy'], reason: SANDBOX },
  { kind: 'JobSink', path: [...jobContainer, 'securityContext'], reason: SANDBOX },
  { kind: 'JobSink', path: [...jobContainer, 'resources', 'limits'], reason: SANDBOX },
  { kind: 'JobSink', path: [...jobContainer, 'resources', 'requests', 'memory'], reason: SANDBOX },
  { kind: 'ApiServerSource', path: ['spec', 'serviceAccountName'], reason: NO_AUTH },
  { kind: 'ConfigMap', path: ['immutable'], reason: 'read once, at the start' },
  { kind: 'Secret', path: ['immutable'], reason: 'read once, at the start' },
];

/** Kinds that are read and reported, but that nothing on one machine enforces. */
export const NOT_ENFORCED: Readonly<Record<string, string>> = {
  'networking.k8s.io/NetworkPolicy': 'there is no network between functions on one machine',
  'security.istio.io/AuthorizationPolicy': 'there is no mesh on one machine',
  'security.istio.io/PeerAuthentication': 'there is no mesh on one machine',
  'eventing.knative.dev/EventPolicy': NO_AUTH,
  'v1/ServiceAccount': NO_AUTH,
  'rbac.authorization.k8s.io/Role': NO_AUTH,
  'rbac.authorization.k8s.io/RoleBinding': NO_AUTH,
  'rbac.authorization.k8s.io/ClusterRole': NO_AUTH,
  'rbac.authorization.k8s.io/ClusterRoleBinding': NO_AUTH,
  'v1/ResourceQuota': SANDBOX,
  'v1/LimitRange': SANDBOX,
};

/** A document without what has no meaning here, and what that was. */
export function withoutIgnored(
  kind: string,
  document: unknown,
): { document: unknown; ignored: { path: string; reason: string }[] } {
  const copy: unknown = structuredClone(document);
  const ignored: { path: string; reason: string }[] = [];
  for (const field of IGNORED_FIELDS) {
    if (field.kind !== '*' && field.kind !== kind) continue;
    for (const path of removeAt(copy, field.path, [])) ignored.push({ path: path.join('.'), reason: field.reason });
  }
  return { document: copy, ignored };
}

function removeAt(value: unknown, steps: readonly Step[], parents: readonly string[]): (readonly string[])[] {
  const [step, ...rest] = steps;
  if (step === undefined || typeof value !== 'object' || value === null) return [];
  const fields = value as Record<string, unknown>;
  const keys = Object.keys(fields).filter(
    (key) => step === '*' || key === step || (step.endsWith('/') && key.startsWith(step)),
  );
  return keys.flatMap((key) => {
    if (rest.length > 0) return removeAt(fields[key], rest, [...parents, key]);
    delete fields[key];
    return [[...parents, key]];
  });
}
