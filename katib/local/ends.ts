import type { Objective } from '../../events/search.ts';
import type { JudgedTrial } from './judge.ts';
import type { Limits, Plan } from './plan.ts';

/** How an Experiment ends, in Katib's words. */
export interface End {
  readonly status: 'Succeeded' | 'Failed';
  readonly reason:
    | 'ExperimentGoalReached'
    | 'ExperimentFailed'
    | 'ExperimentMaxTrialsReached'
    | 'ExperimentSuggestionEndReached';
}

/** Whether and how the trials so far end the Experiment; Katib asks in this order, whenever a trial is over. */
export function endOf(
  trials: readonly JudgedTrial[],
  { objective, limits }: Pick<Plan, 'objective' | 'limits'>,
): End | undefined {
  const value = bestOf(trials, objective)?.value;
  if (value !== undefined && objective.goal !== undefined && reaches(value, objective.goal, objective)) {
    return { status: 'Succeeded', reason: 'ExperimentGoalReached' };
  }
  const failed = trials.filter(({ status }) => status === 'Failed' || status === 'MetricsUnavailable').length;
  const { maxFailedTrialCount = Number.POSITIVE_INFINITY } = limits;
  // So both 0 and 1 say that the first failure fails it.
  if (failed > 0 && failed >= maxFailedTrialCount) return { status: 'Failed', reason: 'ExperimentFailed' };
  if (trials.length >= limits.maxTrialCount) return { status: 'Succeeded', reason: 'ExperimentMaxTrialsReached' };
  return undefined;
}

/** How many more trials are to be created now. */
export function wantedOf(
  trials: readonly JudgedTrial[],
  active: number,
  { parallelTrialCount, maxTrialCount }: Limits,
): number {
  // Those without metrics do not count here, though they do for the end.
  const completed = trials.filter(({ status }) => status !== 'MetricsUnavailable').length;
  return Math.min(parallelTrialCount, maxTrialCount - completed) - active;
}

/** The optimal trial: those that were stopped early take part, and of equals it is the first. */
export function bestOf(
  trials: readonly JudgedTrial[],
  { type }: Objective,
): (JudgedTrial & { readonly value: number }) | undefined {
  let best: (JudgedTrial & { readonly value: number }) | undefined;
  for (const trial of trials) {
    const { value } = trial;
    if (value === undefined) continue;
    if (!best || (type === 'maximize' ? value > best.value : value < best.value)) best = { ...trial, value };
  }
  return best;
}

function reaches(value: number, goal: number, { type }: Objective): boolean {
  return type === 'maximize' ? value >= goal : value <= goal;
}
