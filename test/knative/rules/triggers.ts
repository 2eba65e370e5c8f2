import { CATALOGUE, type EventType } from '../../../events/registry.ts';
import { toMilliseconds } from '../../../knative/local/duration.ts';
import {
  API_SERVER_SOURCE,
  at,
  BROKER,
  type Fields,
  fieldsAt,
  find,
  functionPodsOf,
  JOB_SINK,
  type ManifestSet,
  ofType,
  type Rule,
  SERVICE,
  stringAt,
  TRIGGER,
  titleOf,
  typeOf,
} from './set.ts';

const COLD_START_MS = 20_000;
const LONGEST_CHAIN_OF_ATTEMPTS_MS = 15 * 60_000;
/** What an ApiServerSource in mode Resource tells. */
const OBJECT_CHANGED = /^dev\.knative\.apiserver\.resource\.(?:add|update|delete)$/;
const PARALLELISM = 'rabbitmq.eventing.knative.dev/parallelism';
const MOST_AT_ONCE = 1000;
const DELIVERY = ['retry', 'backoffPolicy', 'backoffDelay', 'timeout'] as const;

/**
 * What each function emits, beside experiment.failed, which any of them may, and what the gateway makes of a dead letter.
 * A test holds it against the sources.
 */
export const EMITS: Readonly<Record<string, readonly EventType[]>> = {
  generate: ['dataset.generated'],
  scatter: ['samples.plotted'],
  train: ['training.requested', 'model.trained', 'trial.completed'],
  compare: ['models.compared', 'experiment.completed'],
  trials: ['trials.plotted'],
};

/**
 * Nothing but the record follows these: models.compared tells the result ahead of the summary, which the same function
 * emits with it; who trains a trial looks for its cancellation in its log.
 */
export const RECORD_ONLY: readonly string[] = [
  'models.compared',
  'search.started',
  'trial.cancelled',
  'trials.plotted',
];

/** What train makes of each type: it comes back to none of them. */
const TRAINED: Readonly<Record<string, EventType>> = {
  'dataset.generated': 'training.requested',
  'training.requested': 'model.trained',
  'trial.requested': 'trial.completed',
};

/** The type that a Trigger asks for; the empty one of a Trigger that takes everything. */
export function typeOfTrigger(trigger: Fields): string {
  return stringAt(trigger, 'spec', 'filter', 'attributes', 'type');
}

/** Every Trigger that asks for one type, which the record does not. */
export function chainOf(set: ManifestSet): Fields[] {
  return ofType(set, TRIGGER).filter((trigger) => typeOfTrigger(trigger) !== '');
}

/** The function that a Trigger's subscriber runs. */
export function functionOfTrigger(set: ManifestSet, trigger: Fields): string | undefined {
  const subscriber = find(set, at(trigger, 'spec', 'subscriber', 'ref'));
  return functionPodsOf(set).find(({ owner }) => owner === subscriber)?.name;
}

function each(set: ManifestSet, check: (trigger: Fields) => string[]): string[] {
  return ofType(set, TRIGGER).flatMap((trigger) => check(trigger).map((problem) => `${titleOf(trigger)}: ${problem}`));
}

/** What is wrong with the times of a delivery to a subscriber that may take as long as `longestMs`. */
function objectionsToDelivery(delivery: Fields, longestMs: number): string[] {
  const missing = DELIVERY.filter((field) => delivery[field] === undefined);
  if (missing.length > 0) return missing;
  const [timeout, delay] = [delivery.timeout, delivery.backoffDelay].map((text) => toMilliseconds(String(text), 'it'));
  if (timeout === undefined || delay === undefined) return [];
  const retry = Number(delivery.retry);
  const waits = Array.from({ length: retry }, (_, attempt) =>
    delivery.backoffPolicy === 'linear' ? delay * attempt : delay * 2 ** attempt,
  );
  const total = (retry + 1) * timeout + waits.reduce((sum, wait) => sum + wait, 0);
  return [
    ...(timeout >= longestMs ? [] : [`timeout ${timeout} < ${longestMs}: what runs once would be delivered twice`]),
    ...(total < LONGEST_CHAIN_OF_ATTEMPTS_MS ? [] : [`all attempts take ${total} ms`]),
  ];
}

export const TRIGGER_RULES: readonly Rule[] = [
  {
    name: 'a Trigger says its whole delivery, waits longer than its function takes, and ends within 15 minutes',
    check: (set) =>
      each(set, (trigger) => {
        const subscriber = find(set, at(trigger, 'spec', 'subscriber', 'ref'));
        // A JobSink answers once it has made the Job.
        const seconds = Number(at(subscriber, 'spec', 'template', 'spec', 'timeoutSeconds') ?? 0);
        return objectionsToDelivery(fieldsAt(trigger, 'spec', 'delivery'), seconds * 1000 + COLD_START_MS);
      }),
  },
  {
    name: 'a Trigger of RabbitMQ delivers as much at once as its function takes',
    check: (set) =>
      each(set, (trigger) => {
        const subscriber = find(set, at(trigger, 'spec', 'subscriber', 'ref'));
        const { containerConcurrency } = fieldsAt(subscriber, 'spec', 'template', 'spec');
        const scale = at(
          subscriber,
          'spec',
          'template',
          'metadata',
          'annotations',
          'autoscaling.knative.dev/max-scale',
        );
        const taken = Number(containerConcurrency ?? 0) * Number(scale ?? 0);
        const told = Number(at(trigger, 'metadata', 'annotations', PARALLELISM));
        // A JobSink and a Service without a limit take whatever comes.
        const isRight = taken > 0 ? told === taken : told >= 10;
        return isRight && told <= MOST_AT_ONCE ? [] : [`${PARALLELISM} ${told}, taken ${taken}`];
      }),
  },
  {
    name: 'a Trigger filters by attributes alone, on types and extensions of the catalogue',
    check: (set) =>
      each(set, (trigger) => {
        if (at(trigger, 'spec', 'filters') !== undefined) return ['filters, which not every broker knows'];
        const attributes = fieldsAt(trigger, 'spec', 'filter', 'attributes');
        const { type, ...extensions } = attributes;
        if (Object.keys(attributes).length === 0) return [];
        if (OBJECT_CHANGED.test(String(type)))
          return ofType(set, API_SERVER_SOURCE).length > 0 ? [] : [`no ApiServerSource tells ${String(type)}`];
        const definition = CATALOGUE.find((candidate) => candidate.type === type);
        if (definition === undefined) return [`no type ${String(type)}`];
        return Object.keys(extensions).filter((extension) => !(extension in definition.extensions));
      }),
  },
  {
    name: 'a Trigger leads from a Broker of the set to a Service or JobSink of the set',
    check: (set) =>
      each(set, (trigger) => {
        const ref = at(trigger, 'spec', 'subscriber', 'ref');
        const broker = ofType(set, BROKER).some(
          (entry) => at(entry, 'metadata', 'name') === at(trigger, 'spec', 'broker'),
        );
        return [
          ...(broker ? [] : [`no Broker ${stringAt(trigger, 'spec', 'broker')}`]),
          ...([SERVICE, JOB_SINK].includes(typeOf(ref)) && find(set, ref)
            ? []
            : [`no subscriber ${stringAt(ref, 'name')}`]),
        ];
      }),
  },
  {
    name: 'every type of an experiment has a Trigger beside the record, except those that end it',
    check: (set) => {
      const triggered = new Set(chainOf(set).map(typeOfTrigger));
      return CATALOGUE.filter(
        ({ type, terminal }) => !terminal && !triggered.has(type) && !RECORD_ONLY.includes(type),
      ).map(({ type }) => type);
    },
  },
  {
    name: 'everything goes on the record',
    check: (set) =>
      ofType(set, TRIGGER).some(
        (trigger) => typeOfTrigger(trigger) === '' && functionOfTrigger(set, trigger) === 'gateway',
      )
        ? []
        : ['no Trigger without a filter leads to the gateway'],
  },
  { name: 'no function comes back to a type that led to it', check: cyclesOf },
];

function cyclesOf(set: ManifestSet): string[] {
  const next = new Map<string, Set<string>>();
  for (const trigger of chainOf(set)) {
    const type = typeOfTrigger(trigger);
    const name = functionOfTrigger(set, trigger) ?? '';
    const emitted = (EMITS[name] ?? []).filter((output) => name !== 'train' || output === TRAINED[type]);
    next.set(type, new Set([...(next.get(type) ?? []), ...emitted]));
  }
  const cycles = new Set<string>();
  const visit = (type: string, path: readonly string[]): void => {
    if (path.includes(type)) cycles.add([...path.slice(path.indexOf(type)), type].join(' -> '));
    else for (const following of next.get(type) ?? []) visit(following, [...path, type]);
  };
  for (const type of next.keys()) visit(type, []);
  return [...cycles];
}
