import type { DataOf } from '../../events/define.ts';
import { XorflowError } from '../../events/errors.ts';
import type { trialCompleted } from '../../events/registry.ts';
import type { StopRule } from '../../events/search.ts';
import type { Assignments } from '../algorithms/algorithm.ts';
import { collect } from './collector.ts';
import { toNumber } from './number.ts';
import { observe } from './observation.ts';
import type { Plan } from './plan.ts';
import type { MetricRow } from './rows.ts';

export type TrialStatus = 'Succeeded' | 'EarlyStopped' | 'Failed' | 'MetricsUnavailable';

/** A trial that was created. */
export interface CreatedTrial {
  readonly name: string;
  /** From 0, in the order of creation. */
  readonly index: number;
  readonly assignments: Assignments;
  readonly labels: Readonly<Record<string, string>>;
  readonly stopRules: readonly StopRule[];
}

/** A trial that is over. */
export interface JudgedTrial extends CreatedTrial {
  readonly status: TrialStatus;
  /** Of the objective, by its strategy. */
  readonly value?: number;
  /** Of all metrics that were collected, by their strategies. */
  readonly metrics: Readonly<Record<string, number>>;
  /** What was collected, for the rules of later trials. */
  readonly rows: readonly MetricRow[];
  /** Why it failed, was stopped, or has no metrics. */
  readonly reason?: string;
}

/**
 * Judges a trial as Katib does: a program that fails is a failed trial whatever it printed; of any other the metrics are
 * taken from its lines.
 *
 * @param lines that the trial printed
 */
export function judge(
  trial: CreatedTrial,
  completion: DataOf<typeof trialCompleted>,
  lines: string,
  { strategies, objective, metricsFormat }: Pick<Plan, 'strategies' | 'objective' | 'metricsFormat'>,
): JudgedTrial {
  if (completion.status === 'failed') return failedTrial(trial, completion.reason);
  const twice = repeatedEpoch(lines, objective.metric);
  if (twice !== undefined) {
    return failedTrial(
      trial,
      `${objective.metric} was printed twice in epoch ${twice}: early stopping counts what is printed`,
    );
  }
  let rows: readonly MetricRow[];
  try {
    rows = collect(
      lines,
      strategies.map(({ name }) => name),
      metricsFormat,
      trial.stopRules.map(({ metric }) => metric),
    );
  } catch (error) {
    if (error instanceof XorflowError) return failedTrial(trial, error.message);
    throw error;
  }
  const observation = observe(rows, strategies);
  const value = toNumber(observation.resultOf(objective.metric));
  // Katib would keep an empty value, take it for the best one and never get over it (kubeflow/katib#2723).
  if (value === undefined || !Number.isFinite(value)) {
    return {
      ...trial,
      status: 'MetricsUnavailable',
      metrics: {},
      rows: [],
      reason: `No number was printed as ${objective.metric}`,
    };
  }
  const metrics = strategies.flatMap(({ name }) => {
    const number = toNumber(observation.resultOf(name));
    return number === undefined || !Number.isFinite(number) ? [] : [[name, number] as const];
  });
  const judged = { ...trial, value, metrics: Object.fromEntries(metrics), rows };
  return completion.status === 'stopped'
    ? { ...judged, status: 'EarlyStopped', reason: completion.reason }
    : { ...judged, status: 'Succeeded' };
}

/** A trial without metrics. */
export function failedTrial(trial: CreatedTrial, reason: string): JudgedTrial {
  return { ...trial, status: 'Failed', metrics: {}, rows: [], reason };
}

/** The first epoch that has more than one line with the metric. */
function repeatedEpoch(lines: string, metric: string): string | undefined {
  const seen = new Set<string>();
  for (const line of lines.split('\n')) {
    const [, epoch] = / epoch=(\d+)/.exec(line) ?? [];
    if (epoch === undefined || !line.includes(` ${metric}=`)) continue;
    if (seen.has(epoch) || line.indexOf(` ${metric}=`) !== line.lastIndexOf(` ${metric}=`)) return epoch;
    seen.add(epoch);
  }
  return undefined;
}
