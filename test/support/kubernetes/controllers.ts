import { isFields, type KubernetesObject } from '../../../knative/kustomize/resource.ts';

const BROKER_CLASS = 'eventing.knative.dev/broker.class';

export const CONTAINERS = ['spec', 'template', 'spec', 'containers'] as const;

/** The containers of a Service with the variable that a SinkBinding gives them. */
export function withSink(service: KubernetesObject): unknown {
  const containers = CONTAINERS.reduce<unknown>((value, key) => (isFields(value) ? value[key] : undefined), service);
  return (Array.isArray(containers) ? containers.filter(isFields) : []).map((container) => ({
    ...container,
    env: [...(Array.isArray(container.env) ? container.env : []), { name: 'K_SINK', value: 'http://broker' }],
  }));
}

/** Fills in what the webhooks and the API server of a real cluster do. */
export function withDefaults(object: KubernetesObject): KubernetesObject {
  const { metadata, spec } = object;
  const fields = isFields(spec) ? spec : {};
  if (object.kind === 'Broker') {
    const annotations = { [BROKER_CLASS]: 'MTChannelBasedBroker', ...metadata.annotations };
    const config = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: 'config-br-default-channel',
      namespace: 'knative-eventing',
    };
    return { ...object, metadata: { ...metadata, annotations }, spec: { config, ...fields } };
  }
  if (object.kind === 'Trigger' && isFields(fields.subscriber) && isFields(fields.subscriber.ref)) {
    const ref = { namespace: metadata.namespace, ...fields.subscriber.ref };
    return { ...object, spec: { filter: {}, ...fields, subscriber: { ...fields.subscriber, ref } } };
  }
  if (object.kind === 'StatefulSet') return { ...object, spec: { podManagementPolicy: 'OrderedReady', ...fields } };
  return object;
}

/** What the webhook says of a Broker whose class or config changes; undefined where it may. */
export function refusalOfBroker(before: KubernetesObject, after: KubernetesObject): string | undefined {
  const classOf = ({ metadata }: KubernetesObject) => metadata.annotations?.[BROKER_CLASS];
  if (before.kind !== 'Broker' || classOf(before) === classOf(after)) return undefined;
  return (
    'admission webhook "validation.webhook.eventing.knative.dev" denied the request: validation failed: ' +
    `Immutable fields changed (-old +new): annotations\n{string}:\n\t-: "${classOf(before)}"\n\t+: "${classOf(after)}"\n`
  );
}

/** The status of an object whose controllers have done their work. */
export function readyStatus(object: KubernetesObject): Record<string, unknown> | undefined {
  const { kind, metadata, apiVersion } = object;
  const observedGeneration = metadata.generation;
  if (kind === 'StatefulSet') {
    const replicas = isFields(object.spec) ? (object.spec.replicas ?? 1) : 1;
    return { observedGeneration, replicas, readyReplicas: replicas, updatedReplicas: replicas };
  }
  if (!apiVersion.includes('knative.dev')) return undefined;
  const host = `${metadata.name}.${metadata.namespace}.svc.cluster.local`;
  const addresses = {
    Broker: {
      address: { url: `http://broker-ingress.knative-eventing.svc.cluster.local/${metadata.namespace}/default` },
    },
    Service: { address: { url: `http://${host}` }, url: `http://${host}` },
  };
  const address = kind === 'Broker' || kind === 'Service' ? addresses[kind] : {};
  return { observedGeneration, conditions: [{ type: 'Ready', status: 'True' }], ...address };
}
