import { type Case, drop, push, put } from './changes.ts';

const POD = 'spec/template/spec';
const CONTAINER = `${POD}/containers/0`;
const CONTEXT = `${CONTAINER}/securityContext`;
const ANNOTATIONS = 'spec/template/metadata/annotations';
const SCALING = 'autoscaling.knative.dev';
/** HOST, XORFLOW_CONCURRENCY, XORFLOW_STORE. */
const [HOST, STORE] = [`${CONTAINER}/env/0`, `${CONTAINER}/env/2`];

export const SERVICE_CASES: readonly Case[] = [
  [
    'autoscaling is',
    'scaling of the Service',
    put('service', 'metadata', { annotations: { [`${SCALING}/min-scale`]: '1' } }),
  ],
  ['autoscaling is', 'a scale that is a number', put('service', ANNOTATIONS, { [`${SCALING}/min-scale`]: 1 })],
  ['autoscaling is', 'a window of two seconds', put('service', ANNOTATIONS, { [`${SCALING}/window`]: '2s' })],
  ['autoscaling is', 'more at least than at most', put('service', ANNOTATIONS, { [`${SCALING}/min-scale`]: '9' })],
  [
    'autoscaling is',
    'a Trigger that scales',
    put('trigger', 'metadata', { annotations: { [`${SCALING}/min-scale`]: '1' } }),
  ],
  ['a Service has', 'a grace of its own', put('service', POD, { terminationGracePeriodSeconds: 10 })],
  ['a Service has', 'a security context of the pod', put('service', POD, { securityContext: {} })],
  ['a Service has', 'a claim of a disk', put('service', POD, { volumes: [{ name: 'a', persistentVolumeClaim: {} }] })],
  ['a Service has', 'a lifecycle', put('service', CONTAINER, { lifecycle: {} })],
  ['a Service has', 'two containers', push('service', `${POD}/containers`, {})],
  ['a Service has', 'PORT', push('service', `${CONTAINER}/env`, { name: 'PORT', value: '1' })],
  ['a Service has', 'a fieldRef', push('service', `${CONTAINER}/env`, { name: 'A', valueFrom: { fieldRef: {} } })],
  ['a Service has', 'a Revision of a fixed name', put('service', 'spec/template/metadata', { name: 'a' })],
  ['a request to', 'eleven minutes', put('service', POD, { timeoutSeconds: 660 })],
  ['a request to', 'no limit', put('service', POD, { timeoutSeconds: 0 })],
  ['a request to', 'an answer that begins later than Serving waits', put('service', POD, { timeoutSeconds: 400 })],
  ['a Service is not', 'a public one', drop('service', 'metadata/labels', 'networking.knative.dev/visibility')],
  ['a Service is not', 'no liveness', drop('service', CONTAINER, 'livenessProbe')],
  ['a Service is not', 'no limit of memory', drop('service', `${CONTAINER}/resources/limits`, 'memory')],
  ['every container is', 'a function as root', put('service', CONTEXT, { runAsUser: 0 })],
  ['every container is', 'a function with capabilities', put('service', CONTEXT, { capabilities: {} })],
  ['every container is', 'Redis as root', put('redis', `${POD}/securityContext`, { runAsUser: 0 })],
  ['pods run as an account', 'a token', put('service', POD, { automountServiceAccountToken: true })],
  ['pods run as an account', 'the account of the namespace', put('redis', POD, { serviceAccountName: 'default' })],
  ['a function is told', 'another concurrency than it gets', put('service', POD, { containerConcurrency: 77 })],
  ['a function is told', 'one interface', put('service', HOST, { value: '127.0.0.1' })],
  ['a function is told', 'another Secret', put('service', `${STORE}/valueFrom/secretKeyRef`, { name: 'other' })],
];
