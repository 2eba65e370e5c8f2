import { XorflowError } from '../../events/errors.ts';
import { quoteValue } from '../../events/issues.ts';
import type { Objective, StopRule } from '../../events/search.ts';
import { toNumber } from './number.ts';
import { inTimeOrder, type MetricRow } from './rows.ts';

/** How many trials have to have succeeded before there is a rule, and how many reports of each are looked at. */
const DEFAULTS: Readonly<Record<string, number>> = { min_trials_required: 3, start_step: 4 };

type Settings = Readonly<Record<string, string>>;

/** A trial that succeeded, and was not stopped early. */
export interface SucceededTrial {
  readonly name: string;
  readonly rows: readonly MetricRow[];
}

/** What Katib's service `medianstop` would refuse of its settings; one sentence each. */
export function validateMedianStop(settings: Settings): readonly string[] {
  return Object.entries(settings).flatMap(([name, value]) => {
    if (!(name in DEFAULTS)) {
      return [`Unknown setting ${name} of medianstop: expected one of ${Object.keys(DEFAULTS).join(', ')}`];
    }
    if (/^\d{1,9}$/.test(value) && Number(value) >= 1) return [];
    return [`Wrong value ${quoteValue(value)} of the setting ${name} of medianstop: expected an integer from 1`];
  });
}

/**
 * The rule by which Katib's `medianstop` gives up a trial that is created now: it stops where its best value at report
 * number `start_step` is worse than others' were up to there. In spite of the name this is the mean, over all trials
 * that succeeded, of the means of their first reports; of fewer than `start_step`, where a trial has no more.
 *
 * @param history in the order in which the trials succeeded, or at least were created
 * @param settings that `validateMedianStop` finds nothing wrong with
 * @returns one rule, or none as long as too few trials have succeeded
 * @throws XorflowError `METRICS_REFUSED` where one of the values is no number, with which Katib never goes on
 */
export function stopRulesOf(
  history: readonly SucceededTrial[],
  settings: Settings,
  objective: Objective,
): readonly StopRule[] {
  const settingOf = (name: string) => Number(settings[name] ?? DEFAULTS[name]);
  const startStep = settingOf('start_step');
  if (history.length < settingOf('min_trials_required')) return [];
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
