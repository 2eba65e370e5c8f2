import { XorflowError } from '../../events/errors.ts';
import { quoteValue } from '../../events/issues.ts';
import type { Objective, StopRule } from '../../events/search.ts';
import type { EarlyStopping } from '../experiment/early-stopping.ts';
import { toNumber } from './number.ts';
import { inTimeOrder, type MetricRow } from './rows.ts';

/** A trial that succeeded, and was not stopped early. */
export interface SucceededTrial {
  readonly name: string;
  readonly rows: readonly MetricRow[];
}

/**
 * The rule by which Katib's `medianstop` gives up a trial that is created now: it stops where its best value at report
 * number `start_step` is worse than others' were up to there. In spite of the name this is the mean, over all trials
 * that succeeded, of the means of their first reports; of fewer than `start_step`, where a trial has no more.
 *
 * @param history in the order in which the trials succeeded, or at least were created
 * @returns one rule, or none as long as too few trials have succeeded
 * @throws XorflowError `METRICS_REFUSED` where one of the values is no number, with which Katib never goes on
 */
export function stopRulesOf(
  history: readonly SucceededTrial[],
  { minTrialsRequired, startStep }: EarlyStopping,
  objective: Objective,
): readonly StopRule[] {
  if (history.length < minTrialsRequired) return [];
  const means = history.map(({ name, rows }) => {
    const reports = inTimeOrder(rows).filter((row) => row.name === objective.metric);
    return meanOf(reports.slice(0, startStep).map(({ value }) => finite(value, objective.metric, name)));
  });
  const comparison = objective.type === 'maximize' ? 'less' : 'greater';
  return [{ metric: objective.metric, comparison, value: meanOf(means), startStep }];
}

function finite(text: string, metric: string, trial: string): number {
  const value = toNumber(text);
  if (value !== undefined && Number.isFinite(value)) return value;
  throw new XorflowError(
    'METRICS_REFUSED',
    `Wrong value ${quoteValue(text)} of ${metric} in trial ${trial}: expected a finite number, without which medianstop makes no rule`,
  );
}

/** Added up from the first to the last, as the service does, so that the last digit is its own. */
function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
