import { objectionsToObject } from './kinds.ts';
import {
  at,
  BROKER,
  type Fields,
  fieldsAt,
  listAt,
  type ManifestSet,
  matches,
  nameOf,
  ofType,
  type PodTemplate,
  podsOf,
  type Rule,
  stringAt,
  titleOf,
  typeOf,
} from './set.ts';

const CLUSTER_WIDE = ['v1/Namespace'];
/** Where nobody of the set makes it, the operator does. */
const OPERATORS_SECRETS = ['xorflow-store'];
/** Annotations and environment variables are words; YAML reads 1, true and PT5S's cousins as something else. */
const WORDS = [
  ['metadata', 'annotations'],
  ['metadata', 'labels'],
  ['spec', 'template', 'metadata', 'annotations'],
  ['spec', 'template', 'metadata', 'labels'],
];

interface Reference {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly name: string;
  readonly key?: string;
  readonly optional: boolean;
}

/** What a pod reads of ConfigMaps and Secrets. */
export function referencesOf({ spec, containers }: PodTemplate): Reference[] {
  const refs = containers.flatMap((container) => [
    ...listAt(container, 'envFrom').flatMap((entry) => [
      { kind: 'Secret' as const, ref: entry.secretRef },
      { kind: 'ConfigMap' as const, ref: entry.configMapRef },
    ]),
    ...listAt(container, 'env').flatMap((entry) => [
      { kind: 'Secret' as const, ref: at(entry, 'valueFrom', 'secretKeyRef') },
      { kind: 'ConfigMap' as const, ref: at(entry, 'valueFrom', 'configMapKeyRef') },
    ]),
  ]);
  const volumes = listAt(spec, 'volumes').flatMap((volume) => [
    { kind: 'Secret' as const, ref: volume.secret && { name: at(volume, 'secret', 'secretName') } },
    { kind: 'ConfigMap' as const, ref: volume.configMap },
  ]);
  return [...refs, ...volumes].flatMap(({ kind, ref }) => {
    if (ref === undefined) return [];
    const key = at(ref, 'key');
    const optional = at(ref, 'optional') === true;
    return [{ kind, name: stringAt(ref, 'name'), optional, ...(key === undefined ? {} : { key: String(key) }) }];
  });
}

function isBroken(set: ManifestSet, { kind, name, key, optional }: Reference): boolean {
  const found = ofType(set, `v1/${kind}`).find((document) => nameOf(document) === name);
  if (found === undefined) return !optional && !(kind === 'Secret' && OPERATORS_SECRETS.includes(name));
  return key !== undefined && !(key in { ...fieldsAt(found, 'data'), ...fieldsAt(found, 'stringData') });
}

function portsOf(pod: PodTemplate): unknown[] {
  return pod.containers
    .flatMap((container) => listAt(container, 'ports'))
    .flatMap((port) => [port.name, port.containerPort]);
}

function objectionsToServiceOf(service: Fields, set: ManifestSet): string[] {
  const pods = podsOf(set).filter(({ labels }) => matches(at(service, 'spec', 'selector'), labels));
  if (pods.length === 0) return [`${titleOf(service)}: selects no pod`];
  return listAt(service, 'spec', 'ports')
    .filter((port) => !pods.some((pod) => portsOf(pod).includes(port.targetPort ?? port.port)))
    .map((port) => `${titleOf(service)}: no port ${String(port.targetPort ?? port.port)}`);
}

export const OBJECT_RULES: readonly Rule[] = [
  {
    name: 'every object is of a known kind and has only fields that the kind has',
    check: (set) =>
      set.flatMap((document) => objectionsToObject(document).map((text) => `${titleOf(document)}: ${text}`)),
  },
  {
    name: 'no object is there twice, and all are in the namespace of the Broker',
    check: (set) => {
      const titles = set.map((document) => `${typeOf(document)} ${nameOf(document)}`);
      const namespace = at(ofType(set, BROKER)[0], 'metadata', 'namespace');
      const strays = set.filter(
        (document) =>
          !CLUSTER_WIDE.includes(typeOf(document)) &&
          (namespace === undefined || at(document, 'metadata', 'namespace') !== namespace),
      );
      return [...titles.filter((title, index) => titles.indexOf(title) !== index), ...strays.map(titleOf)];
    },
  },
  {
    name: 'labels and annotations are words in quotes',
    check: (set) =>
      set.flatMap((document) =>
        WORDS.flatMap((path) => Object.entries(fieldsAt(document, ...path)))
          .filter(([, value]) => typeof value !== 'string')
          .map(([key]) => `${titleOf(document)}: ${key}`),
      ),
  },
  {
    name: 'every ConfigMap, Secret and key that a pod asks for is in the set, is optional, or is the operator’s',
    check: (set) =>
      podsOf(set).flatMap((pod) =>
        referencesOf(pod)
          .filter((reference) => isBroken(set, reference))
          .map(({ kind, name, key }) => `${pod.title}: ${kind} ${name} ${key ?? ''}`),
      ),
  },
  {
    name: 'a selector finds the pods that it is meant for',
    check: (set) => [
      ...podsOf(set)
        .filter(({ owner }) => typeOf(owner).startsWith('apps/'))
        .filter(({ owner, labels }) => !matches(at(owner, 'spec', 'selector', 'matchLabels'), labels))
        .map(({ title }) => `${title}: spec.selector`),
      ...ofType(set, 'apps/v1/StatefulSet')
        .filter(({ spec }) => !ofType(set, 'v1/Service').some((service) => nameOf(service) === at(spec, 'serviceName')))
        .map((document) => `${titleOf(document)}: spec.serviceName`),
      ...ofType(set, 'v1/Service').flatMap((service) => objectionsToServiceOf(service, set)),
      ...ofType(set, 'networking.k8s.io/v1/NetworkPolicy')
        .filter(
          (policy) =>
            !podsOf(set).some(({ labels }) => matches(at(policy, 'spec', 'podSelector', 'matchLabels'), labels)),
        )
        .map((policy) => `${titleOf(policy)}: spec.podSelector`),
    ],
  },
];
