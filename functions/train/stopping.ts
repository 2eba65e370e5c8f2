import { isGivenUp, type MetricName, type Objective, type StopRule } from '../../events/search.ts';

/** Watches the reports of a trial for the rules of early stopping. */
export interface Watch {
  /** Takes one report; the rule that the trial is to stop by, if it is. */
  report(metrics: Partial<Record<MetricName, number>>): StopRule | undefined;
}

export function makeWatch(rules: readonly StopRule[], objective: Objective): Watch {
  const reported: Partial<Record<MetricName, number[]>> = {};
  const latest = Math.max(0, ...rules.map(({ startStep }) => startStep));
  let reports = 0;
  return {
    report(metrics) {
      reports++;
      if (reports > latest) return undefined;
      for (const [name, value] of Object.entries(metrics)) {
        const values = reported[name as MetricName] ?? [];
        values.push(value);
        reported[name as MetricName] = values;
      }
      // Each rule is looked at once, at its report: so there is something new at those reports only.
      const due = rules.find(({ startStep }) => startStep === reports);
      return due && isGivenUp(rules, objective, reported) ? due : undefined;
    },
  };
}
