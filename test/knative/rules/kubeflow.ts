import {
  at,
  type Fields,
  fieldsAt,
  functionPodsOf,
  listAt,
  type ManifestSet,
  matches,
  ofType,
  podsOf,
  type Rule,
  SERVICE,
  titleOf,
  typeOf,
} from './set.ts';

const AUTHORIZATION_POLICY = 'security.istio.io/v1/AuthorizationPolicy';
const NETWORK_POLICY = 'networking.k8s.io/v1/NetworkPolicy';
const SIDECAR = 'sidecar.istio.io/inject';
const NAMESPACE = 'kubernetes.io/metadata.name';

/** What the namespace of a Kubeflow profile asks for beside what every cluster does. */
export const PROFILE_RULES: readonly Rule[] = [
  {
    name: 'one AuthorizationPolicy lets events, and nothing else, from the gateway and the activator to our functions alone',
    check: (set) => {
      const [policy, ...more] = ofType(set, AUTHORIZATION_POLICY);
      if (policy === undefined || more.length > 0) return ['expected one AuthorizationPolicy'];
      const selected = podsOf(set).filter(({ labels }) =>
        matches(at(policy, 'spec', 'selector', 'matchLabels'), labels),
      );
      const functions = new Set(functionPodsOf(set).map(({ owner }) => owner));
      const wanted = {
        from: [{ source: { namespaces: ['knative-serving', 'istio-system'] } }],
        to: [{ operation: { methods: ['POST'], paths: ['/'] } }],
      };
      return [
        ...ofType(set, SERVICE)
          .filter((service) => !selected.some(({ owner }) => owner === service))
          .map((service) => `${titleOf(service)}: not selected`),
        ...selected.filter(({ owner }) => !functions.has(owner)).map(({ title }) => `${title}: selected`),
        ...(at(policy, 'spec', 'action') === 'ALLOW' ? [] : ['action']),
        ...(JSON.stringify(at(policy, 'spec', 'rules')) === JSON.stringify([wanted]) ? [] : ['rules']),
      ];
    },
  },
  {
    name: 'functions have a sidecar, and whatever nobody calls through the mesh has none',
    check: (set) =>
      podsOf(set)
        .filter(({ owner, labels }) => labels[SIDECAR] !== (typeOf(owner) === SERVICE ? 'true' : 'false'))
        .map(({ title }) => `${title}: ${SIDECAR}`),
  },
  {
    name: 'the namespace is the profile’s, and is not applied',
    check: (set) => ofType(set, 'v1/Namespace').map(titleOf),
  },
];

/** A set that lets traffic into a namespace of the platform's. */
export function admits(allowed: {
  readonly namespace: string;
  readonly pods: Readonly<Record<string, string>>;
  readonly from: readonly string[];
  readonly ports: readonly number[];
}): Rule {
  return {
    name: `a NetworkPolicy lets ${allowed.from.join(' and ')} into ${allowed.namespace}, to ${allowed.ports.join(' and ')}, and nobody else`,
    check: (set: ManifestSet) => {
      const [policy, ...more] = set;
      if (policy === undefined || more.length > 0 || typeOf(policy) !== NETWORK_POLICY)
        return ['expected one NetworkPolicy'];
      const rules = listAt(policy, 'spec', 'ingress');
      return [
        ...(at(policy, 'metadata', 'namespace') === allowed.namespace ? [] : ['metadata.namespace']),
        ...(same(at(policy, 'spec', 'podSelector'), { matchLabels: allowed.pods }) ? [] : ['spec.podSelector']),
        ...(rules.length === 1 ? [] : ['spec.ingress']),
        ...rules.flatMap((rule) => [
          ...(same(listAt(rule, 'from').map(namespaceOfPeer), allowed.from) ? [] : ['from']),
          ...(same(
            listAt(rule, 'ports').map(({ port }) => port),
            allowed.ports,
          )
            ? []
            : ['ports']),
        ]),
      ];
    },
  };
}

/** The one namespace that a peer of a policy is in; undefined for a peer that may be anywhere. */
function namespaceOfPeer(peer: Fields): unknown {
  return fieldsAt(peer, 'namespaceSelector', 'matchLabels')[NAMESPACE];
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
