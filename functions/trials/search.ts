import { eventFromJson } from '../../events/read.ts';
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
 * Trials stand in the order of their index; where not every one has an index, in the order in which the log first
 * tells of them.
 */
export function searchOf(experiment: string, log: readonly LogEntry[]): Search {
  const seen = new Map<string, number>();
  const over = new Map<string, Omit<Trial, 'number'> & { index?: number }>();
  let objective: Objective | undefined;
  for (const { value } of log) {
    const event = eventFromJson(value);
    if (!event?.data) continue;
    const name = event.subject ?? event.id;
    if (event.type === 'search.started' || event.type === 'trial.requested') {
      objective ??= plain(event.data.objective);
    }
    if (event.type !== 'trial.requested' && event.type !== 'trial.completed') continue;
    if (!seen.has(name)) seen.set(name, seen.size);
    if (event.type === 'trial.requested' || over.has(name)) continue;
    const { data } = event;
    const { status, assignments, index } = data;
    const place = { name, assignments, ...(index !== undefined && { index }) };
    if (data.status === 'failed') {
      over.set(name, { ...place, status: data.status, metrics: {}, reason: data.reason });
      continue;
    }
    objective ??= plain(data.objective);
    const reason = data.status === 'stopped' ? { reason: data.reason } : {};
    over.set(name, { ...place, status, value: data.objective.value, metrics: data.metrics, ...reason });
  }
  const done = [...over.values()];
  const isNumbered = done.every(({ index }) => index !== undefined);
  const trials = done
    .map(
      ({ index = 0, ...trial }): Trial => ({
        ...trial,
        number: 1 + (isNumbered ? index : (seen.get(trial.name) ?? 0)),
      }),
    )
    .sort((a, b) => a.number - b.number);
  return { experiment, ...(objective && { objective }), trials };
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
