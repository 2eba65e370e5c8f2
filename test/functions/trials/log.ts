import { type EventOf, makeEvent, type NewEvent } from '../../../events/define.ts';
import { keyOf } from '../../../events/ids.ts';
import { type KnownEvent, searchStarted, trialCompleted, trialRequested } from '../../../events/registry.ts';
import { LOG, type LogEntry, type Store } from '../../../functions/store/port.ts';

export const EXPERIMENT = 'xor-random';

type Completed = EventOf<typeof trialCompleted>;
type Over = NewEvent<typeof trialCompleted>['data'];

/** A trial that is over, `number` from 1; with the time at which its event was made, where that matters. */
export function completed(number: number, over: Partial<Over> = {}, time?: string): Completed {
  const { index: _, ...example } = trialCompleted.example;
  const made = makeEvent(trialCompleted, {
    source: '/xorflow/train',
    id: `completed-${number}`,
    subject: `${EXPERIMENT}-${number}`,
    data: { ...example, experiment: EXPERIMENT, ...over } as Over,
    extensions: { experiment: EXPERIMENT },
  });
  return time === undefined ? made : (made.cloneWith({ time }) as Completed);
}

/** One whose objective has the value. */
export function valued(number: number, value: number, more: Partial<Over> = {}): Completed {
  return completed(number, { objective: { metric: 'validation_accuracy', type: 'maximize', value }, ...more } as Over);
}

export function failed(number: number): Completed {
  const data: Over = {
    experiment: EXPERIMENT,
    assignments: { hidden: '4' },
    status: 'failed',
    reason: 'no memory left',
  };
  return makeEvent(trialCompleted, {
    source: '/xorflow/train',
    id: `failed-${number}`,
    subject: `${EXPERIMENT}-${number}`,
    data,
  });
}

export function requested(number: number, index?: number): EventOf<typeof trialRequested> {
  const { index: _, ...example } = trialRequested.example;
  return makeEvent(trialRequested, {
    source: '/katib',
    id: `requested-${number}`,
    subject: `${EXPERIMENT}-${number}`,
    data: { ...example, experiment: EXPERIMENT, ...(index !== undefined && { index }) },
  });
}

export function started(): EventOf<typeof searchStarted> {
  const data = { ...searchStarted.example, objective: { metric: 'loss', type: 'minimize' } as const };
  return makeEvent(searchStarted, { source: '/xorflow/tune', id: 'started', subject: EXPERIMENT, data });
}

/** The gateway's part: what has gone through the broker is in the log. */
export async function record(store: Store, ...events: readonly KnownEvent[]): Promise<void> {
  await store.logs.append(
    LOG.search(EXPERIMENT),
    events.map((event) => ({ key: keyOf(event), value: JSON.stringify(event) })),
  );
}

/** The log that these events make. */
export function logOf(...events: readonly KnownEvent[]): LogEntry[] {
  return events.map((event, index) => ({ position: index + 1, key: keyOf(event), value: JSON.stringify(event) }));
}
