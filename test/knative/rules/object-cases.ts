import { type Case, drop, push, put } from './changes.ts';

const POD = 'spec/template/spec';
const LABELS = 'spec/template/metadata/labels';
const PART_OF = 'app.kubernetes.io/part-of';
const RULE = 'spec/rules/0';

export const OBJECT_CASES: readonly Case[] = [
  ['every object is', 'a kind that nobody knows', (set) => void set.push({ apiVersion: 'v1', kind: 'Pot' })],
  ['every object is', 'a field that the kind has not', put('redis', POD, { securityContxt: {} })],
  [
    'every object is',
    'a number where a word belongs',
    put('redis', `${POD}/containers/0/resources/limits`, { cpu: 1 }),
  ],
  ['every object is', 'a policy that does not say for whom', drop('authorizationPolicy', 'spec', 'selector')],
  ['labels and', 'a label that is a boolean', put('redis', LABELS, { inject: false })],
  ['every ConfigMap', 'a key that the Secret has not', drop('secret', 'data', 'password')],
  [
    'every ConfigMap',
    'a ConfigMap that is not there',
    drop('service', `${POD}/containers/0/envFrom/0/configMapRef`, 'optional'),
  ],
  ['an account may', 'an account that may delete', put('role', 'rules/0', { verbs: ['delete'] })],
  ['an account may', 'an account that may read everything', put('role', 'rules/0', { resources: ['*'] })],
  ['an account may', 'a Role that is not there', put('roleBinding', 'roleRef', { name: 'other' })],
  ['an account may', 'a Role for everybody of the cluster', put('roleBinding', 'roleRef', { kind: 'ClusterRole' })],
  [
    'an account may',
    'all that an administrator of a profile may',
    put('roleBinding', 'roleRef', { kind: 'ClusterRole', name: 'kubeflow-admin' }),
  ],
  ['an account may', 'a Role for a stranger', put('roleBinding', 'subjects/0', { name: 'default' })],
  ['every object is', 'a source of names alone', put('source', 'spec', { mode: 'Names' })],
  ['a selector finds', 'a StatefulSet without its pods', put('redis', 'spec/selector/matchLabels', { a: 'b' })],
  ['a selector finds', 'a StatefulSet without its Service', put('redis', 'spec', { serviceName: 'other' })],
  ['a selector finds', 'a Service without pods', put('redisService', 'spec/selector', { a: 'b' })],
  ['a selector finds', 'a Service to a port that no pod has', put('redisService', 'spec/ports/0', { targetPort: 'b' })],
  ['a selector finds', 'a policy for nobody', put('networkPolicy', 'spec/podSelector/matchLabels', { a: 'b' })],
  ['whoever has', 'functions that are not let in', drop('service', LABELS, PART_OF)],
  ['whoever has', 'every pod let in', push('networkPolicy', 'spec/ingress/0/from', { podSelector: {} })],
  ['whoever has', 'another namespace let in', push('networkPolicy', 'spec/ingress/0/from', { namespaceSelector: {} })],
  ['whoever has', 'every port', drop('networkPolicy', 'spec/ingress/0', 'ports')],
  ['one AuthorizationPolicy', 'a function that is not selected', drop('service', LABELS, PART_OF)],
  ['one AuthorizationPolicy', 'Redis selected', put('redis', LABELS, { [PART_OF]: 'xorflow' })],
  [
    'one AuthorizationPolicy',
    'every namespace',
    put('authorizationPolicy', `${RULE}/from/0/source`, { namespaces: ['*'] }),
  ],
  ['one AuthorizationPolicy', 'every path', put('authorizationPolicy', `${RULE}/to/0/operation`, { paths: ['/*'] })],
  ['functions have', 'a function without a sidecar', drop('service', LABELS, 'sidecar.istio.io/inject')],
  [
    'the namespace is',
    'the Namespace',
    (set) => void set.push({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'xorflow' } }),
  ],
];
