import type { DataOf } from '../../events/define.ts';
import { eventFromJson } from '../../events/read.ts';
import type { trialCompleted } from '../../events/registry.ts';
import type { MetricName, Objective } from '../../events/search.ts';
import type { LogEntry } from '../store/port.ts';

/** One trial that is over. */
export interface Trial {
  readonly name: string;
  /** From 1, in the order in which trials were asked for. */
  readonly number: number;
  readonly status: 'succeeded' | 'stopped' | 'failed';
  readonly assignments: Readonly<Record<string, string>>;
  /** Of the objective; a trial that was stopped early has one too. */
  readonly value?: number;
  readonly metrics: Readonly<Partial<Record<MetricName, number>>>;
  /** Why it failed or was stopped. */
  readonly reason?: string;
}

/** A trial that can be compared with others. */
export type JudgedTrial = Trial & { readonly value: number };

/** A search so far, as far as drawing it needs to know. */
export interface Search {
  /** The name of the Katib Experiment. */
  readonly experiment: string;
  /** Undefined where no event says it: every trial failed, and nobody has seen one asked for. */
  readonly objective?: Objective;
  /** Those that are over, in the order of their numbers. */
  readonly trials: readonly Trial[];
}

/**
 * Folds the log of a search. Of events that say the same thing twice the first of the log counts.
 * Trials stand in the order of the index that their request or their result tells; where not every one has an index, in
 * the order in which the log first tells of them.
 */
export function searchOf(experiment: string, log: readonly LogEntry[]): Search {
  const seen = new Map<string, number>();
  const indexes = new Map<string, number>();
  const over = new Map<string, Omit<Trial, 'number'>>();
  let objective: Objective | undefined;
  for (const { value } of log) {
    const event = eventFromJson(value);
    if (!event?.data) continue;
    if (event.type === 'search.started') objective ??= plain(event.data.objective);
    if (event.type !== 'trial.requested' && event.type !== 'trial.completed') continue;
    const name = event.subject ?? event.id;
    const { index } = event.data;
    if (!seen.has(name)) seen.set(name, seen.size);
    if (index !== undefined && !indexes.has(name)) indexes.set(name, index);
    if ('objective' in event.data) objective ??= plain(event.data.objective);
    if (event.type === 'trial.completed' && !over.has(name)) over.set(name, overOf(name, event.data));
  }
  const done = [...over.values()];
  const order = done.every(({ name }) => indexes.has(name)) ? indexes : seen;
  const trials = done
    .map((trial): Trial => ({ ...trial, number: 1 + (order.get(trial.name) ?? 0) }))
    .sort((a, b) => a.number - b.number);
  return { experiment, ...(objective && { objective }), trials };
}

function overOf(name: string, data: DataOf<typeof trialCompleted>): Omit<Trial, 'number'> {
  const { status, assignments } = data;
  const reason = data.status === 'succeeded' ? {} : { reason: data.reason };
  if (data.status === 'failed') return { name, assignments, status, metrics: {}, ...reason };
  return { name, assignments, status, value: data.objective.value, metrics: data.metrics, ...reason };
}

const plain = ({ metric, type }: Objective): Objective => ({ metric, type });

/** The trials with a value. */
export function judged({ trials }: Search): JudgedTrial[] {
  return trials.filter((trial): trial is JudgedTrial => trial.value !== undefined);
}

/** The trials with a value, the best first; of equals that with the lower number, as Katib picks its optimal trial. */
export function ranked(search: Search): JudgedTrial[] {
  const sign = search.objective?.type === 'minimize' ? 1 : -1;
  return judged(search).sort((a, b) => sign * (a.value - b.value) || a.number - b.number);
}

/** The names of all hyperparameters, in the order in which the trials have them. */
export function parametersOf({ trials }: Search): string[] {
  return [...new Set(trials.flatMap(({ assignments }) => Object.keys(assignments)))];
}
