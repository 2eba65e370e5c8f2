import { type MetricName, type Objective, type StopRule, stopsAt } from '../../events/search.ts';

/** Watches the reports of a trial for the rules of early stopping. */
export interface Watch {
  /** Takes one report; the rule that the trial is to stop by, if it is. */
  report(metrics: Partial<Record<MetricName, number>>): StopRule | undefined;
}

/**
 * As Katib's collector does it: of the objective the best value so far counts, of another metric the present one, and
 * each rule is looked at once, at the report that it names.
 */
export function makeWatch(rules: readonly StopRule[], objective: Objective): Watch {
  let best: number | undefined;
  let reports = 0;
  const better = objective.type === 'maximize' ? Math.max : Math.min;
  return {
    report(metrics) {
      reports++;
      const value = metrics[objective.metric];
      if (value !== undefined) best = best === undefined ? value : better(best, value);
      return rules.find((rule) => {
        const current = rule.metric === objective.metric ? best : metrics[rule.metric];
        return rule.startStep === reports && current !== undefined && stopsAt(rule, current);
      });
    },
  };
}
