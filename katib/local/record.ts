import type { DataOf } from '../../events/define.ts';
import { XorflowError } from '../../events/errors.ts';
import type { trialCompleted, trialRequested } from '../../events/registry.ts';
import type { LoggedEvent } from '../../functions/client/logged.ts';
import { identityOf, type Limits, type Plan, trialName } from './plan.ts';

export type Completion = DataOf<typeof trialCompleted>;

/** What the log says of a search. */
export interface SearchRecord {
  /** The spec that it worked on last; undefined where there is no such search. */
  readonly spec?: Readonly<Record<string, unknown>>;
  /** The trials by name. */
  readonly requested: ReadonlyMap<string, DataOf<typeof trialRequested>>;
  readonly completed: ReadonlyMap<string, Completion>;
  /** Of the last event, to follow the log from. */
  readonly position: number;
}

/** Folds the log of a search; of several results of one trial the first counts. */
export function recordOf(events: readonly LoggedEvent[]): SearchRecord {
  const requested = new Map<string, DataOf<typeof trialRequested>>();
  const completed = new Map<string, Completion>();
  let spec: Readonly<Record<string, unknown>> | undefined;
  for (const { event } of events) {
    if (!event?.data || event.subject === undefined) continue;
    if (event.type === 'search.started') spec = event.data.spec;
    if (event.type === 'trial.requested' && !requested.has(event.subject)) requested.set(event.subject, event.data);
    if (event.type === 'trial.completed' && !completed.has(event.subject)) completed.set(event.subject, event.data);
  }
  return { ...(spec && { spec }), requested, completed, position: events.at(-1)?.position ?? 0 };
}

/**
 * Refuses a search whose name is on record for something else.
 *
 * @throws XorflowError `INVALID_ARGUMENT` naming what differs
 */
export function assertSame(plan: Plan, record: SearchRecord): void {
  if (!record.spec) {
    if (record.requested.size === 0) return;
    throw taken(plan.name, 'by trials that somebody else asked for');
  }
  const [before, now] = [identityOf(record.spec), identityOf(plan.spec)];
  const differing = [...new Set([...before.keys(), ...now.keys()])].filter(
    (field) => before.get(field) !== now.get(field),
  );
  if (differing.length === 0) return;
  throw taken(plan.name, `by one with another ${differing.map((field) => `spec.${field}`).join(', ')}`);
}

function taken(name: string, how: string): XorflowError {
  return new XorflowError(
    'INVALID_ARGUMENT',
    `The name ${JSON.stringify(name)} is taken on this store ${how}: expected the same Experiment, another name (--name) or another store (--store)`,
  );
}

/** The limits that a search was last run with. */
export function limitsOf(spec: Readonly<Record<string, unknown>>, plan: Plan): Limits {
  const given = (field: string) => (typeof spec[field] === 'number' ? spec[field] : undefined);
  return {
    parallelTrialCount: given('parallelTrialCount') ?? plan.limits.parallelTrialCount,
    maxTrialCount: given('maxTrialCount') ?? plan.limits.maxTrialCount,
    maxFailedTrialCount: given('maxFailedTrialCount'),
  };
}

/** How many trials of the search are on record from the first one on. */
export function recordedCount(plan: Plan, { requested }: SearchRecord): number {
  let count = 0;
  while (requested.has(trialName(plan, count))) count++;
  return count;
}
