import {
  at,
  BROKER,
  type Fields,
  fieldsAt,
  find,
  JOB_SINK,
  listAt,
  type ManifestSet,
  matches,
  ofType,
  type Rule,
  SERVICE,
  SINK_BINDING,
  stringAt,
  titleOf,
  typeOf,
} from './set.ts';

export const CLASS = 'eventing.knative.dev/broker.class';

/** The class that each component chooses. */
export const CLASSES = {
  'broker-imc': 'MTChannelBasedBroker',
  'broker-kafka': 'Kafka',
  'broker-rabbitmq': 'RabbitMQBroker',
} as const;

/** What each class keeps its events by. */
const CONFIGS: Readonly<Record<string, string>> = {
  MTChannelBasedBroker: 'v1/ConfigMap',
  Kafka: 'v1/ConfigMap',
  RabbitMQBroker: 'eventing.knative.dev/v1alpha1/RabbitmqBrokerConfig',
};

/** The bindings that give K_SINK to what an object makes. */
function bindingsOf(set: ManifestSet, type: string, name: string, labels: Fields): Fields[] {
  return ofType(set, SINK_BINDING).filter((binding) => {
    const subject = at(binding, 'spec', 'subject');
    if (typeOf(subject) !== type) return false;
    const own = at(subject, 'name');
    return own === undefined ? matches(at(subject, 'selector', 'matchLabels'), labels) : own === name;
  });
}

export const BROKER_RULES: readonly Rule[] = [
  {
    name: 'the one Broker answers at once, says its delivery and keeps dead letters where a Service records them',
    check: (set) => {
      const brokers = ofType(set, BROKER);
      const [broker] = brokers;
      const delivery = fieldsAt(broker, 'spec', 'delivery');
      return [
        ...(brokers.length === 1 ? [] : [`${brokers.length} Brokers`]),
        ...['retry', 'backoffPolicy', 'backoffDelay', 'timeout'].filter((field) => delivery[field] === undefined),
        ...(find(set, at(delivery, 'deadLetterSink', 'ref')) ? [] : ['deadLetterSink']),
        ...(at(broker, 'metadata', 'annotations', 'messaging.knative.dev/async-handler') === 'true'
          ? []
          : ['messaging.knative.dev/async-handler']),
      ];
    },
  },
  {
    name: 'whatever emits events gets K_SINK from exactly one SinkBinding, which leads to the Broker',
    check: (set) => [
      ...ofType(set, SERVICE).flatMap((service) => {
        const labels = fieldsAt(service, 'metadata', 'labels');
        const { length } = bindingsOf(set, SERVICE, stringAt(service, 'metadata', 'name'), labels);
        return length === 1 ? [] : [`${titleOf(service)}: ${length} SinkBindings`];
      }),
      ...ofType(set, JOB_SINK).flatMap((sink) => {
        // The Job's own labels, not its pods': a binding is about the Job.
        const { length } = bindingsOf(set, 'batch/v1/Job', '', fieldsAt(sink, 'spec', 'job', 'metadata', 'labels'));
        return length === 1 ? [] : [`${titleOf(sink)}: ${length} SinkBindings`];
      }),
      ...ofType(set, SINK_BINDING)
        .filter((binding) => typeOf(at(binding, 'spec', 'sink', 'ref')) !== BROKER)
        .concat(ofType(set, SINK_BINDING).filter((binding) => !find(set, at(binding, 'spec', 'sink', 'ref'))))
        .map((binding) => `${titleOf(binding)}: sink`),
    ],
  },
  {
    name: 'a JobSink makes Jobs that end, once, and go away',
    check: (set) =>
      ofType(set, JOB_SINK).flatMap((sink) => {
        const job = fieldsAt(sink, 'spec', 'job', 'spec');
        const missing = ['backoffLimit', 'activeDeadlineSeconds', 'ttlSecondsAfterFinished'].filter(
          (field) => typeof job[field] !== 'number',
        );
        const never = at(job, 'template', 'spec', 'restartPolicy') === 'Never' ? [] : ['restartPolicy'];
        const empty = listAt(job, 'template', 'spec', 'containers').length > 0 ? [] : ['containers'];
        return [...missing, ...never, ...empty].map((field) => `${titleOf(sink)}: ${field}`);
      }),
  },
  {
    name: 'only Services of the gateway in front of Serving are given an audience',
    check: (set) =>
      set.flatMap((document) => {
        const destinations = [at(document, 'spec', 'subscriber'), at(document, 'spec', 'delivery', 'deadLetterSink')];
        return destinations
          .filter((entry) => at(entry, 'audience') !== undefined && typeOf(at(entry, 'ref')) !== SERVICE)
          .map(() => `${titleOf(document)}: audience; label it xorflow.dev/subscriber: job`);
      }),
  },
];

/** Where a component has chosen the Broker's class. */
export const CLASS_RULES: readonly Rule[] = [
  {
    name: 'the Broker is of a class that is known, with the config of that class in the set',
    check: (set) =>
      ofType(set, BROKER).flatMap((broker) => {
        const type = CONFIGS[stringAt(broker, 'metadata', 'annotations', CLASS)];
        if (type === undefined) return [`${titleOf(broker)}: ${CLASS}`];
        const ref = at(broker, 'spec', 'config');
        return typeOf(ref) === type && find(set, ref) ? [] : [`${titleOf(broker)}: spec.config`];
      }),
  },
];
