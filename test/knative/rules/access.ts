import { referencesOf } from './objects.ts';
import {
  at,
  type Fields,
  fieldsAt,
  listAt,
  type ManifestSet,
  matches,
  nameOf,
  ofType,
  podsOf,
  type Rule,
  titleOf,
  typeOf,
} from './set.ts';

/** What a cluster with Kubeflow has: what one may do in a namespace, and nothing beyond Kubeflow Pipelines. */
const KUBEFLOWS_ROLES = ['kubeflow-pipelines-edit'];
const ROLE = 'rbac.authorization.k8s.io/v1/Role';

export const ACCESS_RULES: readonly Rule[] = [
  {
    name: 'an account may read what a source watches, and nothing else',
    check: (set) => [...ofType(set, ROLE).flatMap(objectionsToRole), ...brokenBindings(set)],
  },
  {
    name: 'whoever has the password of the store is let in by its NetworkPolicy, on its port, and nobody else',
    check: (set) => storePoliciesOf(set).flatMap((policy) => objectionsToStorePolicy(policy, set)),
  },
];

function objectionsToRole(role: Fields): string[] {
  return listAt(role, 'rules').flatMap((rule) => {
    const [verbs, resources, groups] = ['verbs', 'resources', 'apiGroups'].map((key) => (rule[key] ?? []) as string[]);
    const tooMuch = [
      ...(verbs ?? []).filter((verb) => !['get', 'list', 'watch'].includes(verb)),
      ...[...(resources ?? []), ...(groups ?? [])].filter((name) => ['*', 'secrets'].includes(name)),
    ];
    return tooMuch.map((word) => `${titleOf(role)}: ${word}`);
  });
}

function brokenBindings(set: ManifestSet): string[] {
  return ofType(set, 'rbac.authorization.k8s.io/v1/RoleBinding').flatMap((binding) => {
    const has = (type: string, name: unknown) => ofType(set, type).some((document) => nameOf(document) === name);
    const { kind, name } = fieldsAt(binding, 'roleRef');
    const isRole =
      (kind === 'Role' && has(ROLE, name)) || (kind === 'ClusterRole' && KUBEFLOWS_ROLES.includes(String(name)));
    const strangers = listAt(binding, 'subjects').filter((subject) => !has('v1/ServiceAccount', subject.name));
    return [...(isRole ? [] : ['roleRef']), ...strangers.map(({ name }) => String(name))].map(
      (problem) => `${titleOf(binding)}: ${problem}`,
    );
  });
}

/** The policies in front of the pods that serve the store. */
function storePoliciesOf(set: ManifestSet): Fields[] {
  const stores = podsOf(set).filter(({ owner }) => typeOf(owner) === 'apps/v1/StatefulSet');
  return ofType(set, 'networking.k8s.io/v1/NetworkPolicy').filter((policy) =>
    stores.some(({ labels }) => matches(at(policy, 'spec', 'podSelector', 'matchLabels'), labels)),
  );
}

function objectionsToStorePolicy(policy: Fields, set: ManifestSet): string[] {
  const rules = listAt(policy, 'spec', 'ingress');
  const peers = rules.flatMap((rule) => listAt(rule, 'from'));
  const open = peers.filter(
    (peer) =>
      Object.keys(peer).join() !== 'podSelector' ||
      Object.keys(fieldsAt(peer, 'podSelector', 'matchLabels')).length === 0,
  );
  const users = podsOf(set).filter((pod) =>
    referencesOf(pod).some(({ name, key }) => name === 'xorflow-store' && key === 'url'),
  );
  const shut = users.filter(
    ({ labels }) => !peers.some((peer) => matches(at(peer, 'podSelector', 'matchLabels'), labels)),
  );
  const ports = rules.every(
    (rule) =>
      listAt(rule, 'ports')
        .map(({ port }) => port)
        .join() === '6379',
  );
  return [
    ...(rules.length > 0 && peers.length > 0 && open.length === 0 ? [] : [`${titleOf(policy)}: open to others`]),
    ...shut.map(({ title }) => `${title}: not let in`),
    ...(ports ? [] : [`${titleOf(policy)}: ports`]),
  ];
}
