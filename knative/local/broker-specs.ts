import type { BrokerSpec, DeliverySpec, TriggerSpec } from './broker.ts';
import type { Delivery, Destination } from './schema/parts.ts';
import type { Topology } from './topology.ts';

/** The URL of a destination whose reference is known to lead somewhere. */
export type ResolveUrl = (destination: Destination) => string;

/** The Brokers of the manifests as the data plane takes them. */
export function toBrokers({ namespace, brokers }: Topology, resolveUrl: ResolveUrl): BrokerSpec[] {
  return brokers.map(({ metadata, spec }) => ({
    name: metadata.name,
    namespace,
    async: metadata.annotations?.['messaging.knative.dev/async-handler'] === 'true',
    ...withDelivery(spec?.delivery, resolveUrl),
  }));
}

/** The Triggers of the manifests as the data plane takes them; a subscriber may be the Broker, which has no URL yet. */
export function toTriggers(
  { namespace, triggers }: Topology,
  resolveUrl: ResolveUrl,
): (TriggerSpec & { broker: string })[] {
  return triggers.map(({ metadata, spec }) => ({
    name: metadata.name,
    namespace,
    broker: spec.broker,
    ...(spec.filter && { filter: { attributes: spec.filter.attributes ?? {} } }),
    ...(spec.filters && { filters: spec.filters }),
    subscriber: () => resolveUrl(spec.subscriber),
    ...(isNamed(spec.subscriber) && { address: addressOf(spec.subscriber, namespace) }),
    ...withDelivery(spec.delivery, resolveUrl),
  }));
}

function isNamed({ ref }: Destination): boolean {
  return ref?.kind === 'Service' || ref?.kind === 'JobSink';
}

/** What a cluster calls a Service or a JobSink: unlike a port of this machine, it says in a dead letter who did not take the event. */
function addressOf({ ref, uri }: Destination, namespace: string): string {
  const base =
    ref?.kind === 'JobSink'
      ? `http://job-sink.knative-eventing.svc.cluster.local/${namespace}/${ref.name}`
      : `http://${ref?.name}.${namespace}.svc.cluster.local`;
  return uri === undefined ? base : new URL(uri, base).href;
}

function withDelivery(delivery: Delivery | undefined, resolveUrl: ResolveUrl): { delivery?: DeliverySpec } {
  if (delivery === undefined) return {};
  const { deadLetterSink, ...rest } = delivery;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return { delivery: { ...given, ...(deadLetterSink && { deadLetterSink: resolveUrl(deadLetterSink) }) } };
}
