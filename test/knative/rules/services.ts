import { objectionsTo } from '../../../knative/local/schema/webhook.ts';
import {
  at,
  envOf,
  type Fields,
  fieldsAt,
  functionPodsOf,
  listAt,
  type ManifestSet,
  ofType,
  podsOf,
  type Rule,
  SERVICE,
  stringAt,
  titleOf,
} from './set.ts';

/** What the real webhook lets through without a flag of the cluster's. */
const REVISION_FIELDS = [
  ...['containers', 'containerConcurrency', 'timeoutSeconds', 'responseStartTimeoutSeconds', 'idleTimeoutSeconds'],
  ...['serviceAccountName', 'automountServiceAccountToken', 'enableServiceLinks', 'imagePullSecrets', 'volumes'],
];
const CONTAINER_FIELDS = [
  ...['name', 'image', 'imagePullPolicy', 'command', 'args', 'workingDir', 'env', 'envFrom', 'ports', 'resources'],
  ...['readinessProbe', 'livenessProbe', 'startupProbe', 'securityContext', 'volumeMounts'],
];
const VOLUMES = ['name', 'configMap', 'secret', 'projected', 'emptyDir'];
const RESERVED_ENV = ['PORT', 'K_SERVICE', 'K_CONFIGURATION', 'K_REVISION', 'K_SINK'];
const LONGEST_REQUEST_S = 600;
/** Above it, Serving cuts an answer that has not begun unless told otherwise. */
const DEFAULT_RESPONSE_START_S = 300;

const RESTRICTED = {
  runAsNonRoot: true,
  readOnlyRootFilesystem: true,
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

function each(set: ManifestSet, check: (service: Fields, container: Fields) => string[]): string[] {
  return ofType(set, SERVICE).flatMap((service) =>
    check(service, fieldsAt(service, 'spec', 'template', 'spec', 'containers', 0)).map(
      (problem) => `${titleOf(service)}: ${problem}`,
    ),
  );
}

function unknown(value: unknown, allowed: readonly string[]): string[] {
  return Object.keys((value ?? {}) as Fields).filter((key) => !allowed.includes(key));
}

export const SERVICE_RULES: readonly Rule[] = [
  {
    name: 'autoscaling is said of Revisions alone, in words and ranges that Serving takes',
    check: (set) => [
      ...each(set, (service) => objectionsTo(service).map(({ path, message }) => `${path.join('.')}: ${message}`)),
      ...set
        .filter((document) => at(document, 'kind') !== 'Service')
        .flatMap((document) => Object.keys(fieldsAt(document, 'metadata', 'annotations')))
        .filter((key) => key.startsWith('autoscaling.knative.dev/'))
        .map((key) => `${key} on what is no Service`),
    ],
  },
  {
    name: 'a Service has no field that Serving refuses',
    check: (set) =>
      each(set, (service, container) => [
        ...unknown(at(service, 'spec', 'template', 'spec'), REVISION_FIELDS),
        ...unknown(container, CONTAINER_FIELDS),
        ...listAt(service, 'spec', 'template', 'spec', 'volumes').flatMap((volume) => unknown(volume, VOLUMES)),
        ...listAt(container, 'env').flatMap((entry) => unknown(entry.valueFrom, ['secretKeyRef', 'configMapKeyRef'])),
        ...RESERVED_ENV.filter((name) => envOf(container, name)),
        // The SinkBinding makes new Revisions, and their names must be free.
        ...(at(service, 'spec', 'template', 'metadata', 'name') === undefined ? [] : ['template.metadata.name']),
        ...(listAt(service, 'spec', 'template', 'spec', 'containers').length === 1 ? [] : ['containers']),
      ]),
  },
  {
    name: 'a request to a Service ends within what Serving allows, however late its answer begins',
    check: (set) =>
      each(set, (service) => {
        const { timeoutSeconds, responseStartTimeoutSeconds: start } = fieldsAt(service, 'spec', 'template', 'spec');
        const timeout = Number(timeoutSeconds ?? 0);
        if (!(timeout > 0 && timeout <= LONGEST_REQUEST_S)) return [`timeoutSeconds ${String(timeoutSeconds)}`];
        if (timeout > DEFAULT_RESPONSE_START_S && start !== timeout) return ['responseStartTimeoutSeconds'];
        return [];
      }),
  },
  {
    name: 'a Service is not public, says when it is ready and alive, and what it may use',
    check: (set) =>
      each(set, (service, container) => [
        ...(at(service, 'metadata', 'labels', 'networking.knative.dev/visibility') === 'cluster-local'
          ? []
          : ['networking.knative.dev/visibility']),
        ...['readiness', 'liveness'].filter(
          (kind) => at(container, `${kind}Probe`, 'httpGet', 'path') !== `/health/${kind}`,
        ),
        ...['requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory'].filter(
          (path) => !at(container, 'resources', ...path.split('.')),
        ),
      ]),
  },
  {
    name: 'every container is restricted and runs as somebody who is not root',
    check: (set) =>
      podsOf(set).flatMap(({ title, spec, containers }) =>
        containers.flatMap((container) => {
          const own = fieldsAt(container, 'securityContext');
          const both = { ...fieldsAt(spec, 'securityContext'), ...own };
          const loose = Object.entries(RESTRICTED)
            .filter(([key, value]) => JSON.stringify(both[key]) !== JSON.stringify(value))
            .map(([key]) => key);
          const root = ['runAsUser', 'runAsGroup'].filter((key) => !(Number(both[key]) > 0));
          return [...loose, ...root].map((key) => `${title}: securityContext.${key}`);
        }),
      ),
  },
  {
    name: 'pods run as an account of the set, and without its token',
    check: (set) =>
      podsOf(set).flatMap(({ title, spec }) => {
        const account = stringAt(spec, 'serviceAccountName');
        const exists = ofType(set, 'v1/ServiceAccount').some(
          (entry) => stringAt(entry, 'metadata', 'name') === account,
        );
        return [
          ...(exists ? [] : [`${title}: serviceAccountName "${account}"`]),
          ...(spec.automountServiceAccountToken === false ? [] : [`${title}: automountServiceAccountToken`]),
        ];
      }),
  },
  {
    name: 'a function is told how many events it gets at once, to listen on every interface, and where its store is',
    check: (set) => [
      ...each(set, (service, container) => {
        const told = stringAt(envOf(container, 'XORFLOW_CONCURRENCY'), 'value');
        const real = stringAt(service, 'spec', 'template', 'spec', 'containerConcurrency');
        return [
          ...(told === real ? [] : [`XORFLOW_CONCURRENCY "${told}", containerConcurrency ${real}`]),
          ...(at(envOf(container, 'HOST'), 'value') === '0.0.0.0' ? [] : ['HOST']),
        ];
      }),
      ...functionPodsOf(set)
        .filter(({ container }) => {
          const ref = at(envOf(container, 'XORFLOW_STORE'), 'valueFrom', 'secretKeyRef');
          return stringAt(ref, 'name') !== 'xorflow-store' || stringAt(ref, 'key') !== 'url';
        })
        .map(({ title }) => `${title}: XORFLOW_STORE`),
    ],
  },
];
