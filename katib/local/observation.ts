import { toNumber } from './number.ts';
import { inTimeOrder, type MetricRow, UNAVAILABLE } from './rows.ts';

/** Which of a metric's values of a trial is the trial's. */
export interface MetricStrategy {
  readonly name: string;
  readonly value: 'min' | 'max' | 'latest';
}

/** What is kept of one metric of a trial: values as printed, or `unavailable`. */
export interface ObservedMetric {
  readonly name: string;
  readonly min: string;
  readonly max: string;
  readonly latest: string;
}

/** What a trial came to. */
export interface Observation {
  /** In the order of the strategies. */
  readonly metrics: readonly ObservedMetric[];
  /** A metric's value by its strategy, as printed: it need be no number; `unavailable` where there is none. */
  resultOf(metric: string): string;
  /** Whether the metric was reported; a trial whose objective was not is `MetricsUnavailable`, which is a failure. */
  has(metric: string): boolean;
}

/**
 * Sums up the rows of a trial as Katib's trial controller does: the smallest and the largest number, the first of equal
 * ones, and whatever was printed last, the later line where two have the same time.
 */
export function observe(rows: readonly MetricRow[], strategies: readonly MetricStrategy[]): Observation {
  const ordered = inTimeOrder(rows);
  const metrics = strategies.map(({ name }) =>
    summaryOf(
      name,
      ordered.filter((row) => row.name === name).map(({ value }) => value),
    ),
  );
  const find = (metric: string) => metrics.find(({ name }) => name === metric);
  return {
    metrics,
    resultOf(metric) {
      const observed = find(metric);
      const strategy = strategies.find(({ name }) => name === metric)?.value ?? 'latest';
      if (!observed) return UNAVAILABLE;
      // A trial that printed no number at all is judged by what else it printed.
      return observed[strategy] === UNAVAILABLE ? observed.latest : observed[strategy];
    },
    has: (metric) => (find(metric)?.latest ?? UNAVAILABLE) !== UNAVAILABLE,
  };
}

function summaryOf(name: string, values: readonly string[]): ObservedMetric {
  let min: { text: string; value: number } | undefined;
  let max = min;
  for (const text of values) {
    const value = toNumber(text);
    if (value === undefined) continue;
    if (!min || !max) min = max = { text, value };
    else if (value < min.value) min = { text, value };
    else if (value > max.value) max = { text, value };
  }
  return { name, min: min?.text ?? UNAVAILABLE, max: max?.text ?? UNAVAILABLE, latest: values.at(-1) ?? UNAVAILABLE };
}
