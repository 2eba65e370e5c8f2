import { z } from 'zod';
import { experimentIdSchema } from './ids.ts';

/** What a training reports of each epoch, by the names that stand in its metric lines. */
export const METRICS = ['loss', 'accuracy', 'validation_loss', 'validation_accuracy'] as const;
export type MetricName = (typeof METRICS)[number];

const metricSchema = z.enum(METRICS);

/** What a search is after. */
export const objectiveSchema = z
  .strictObject({ metric: metricSchema, type: z.enum(['minimize', 'maximize']) })
  .meta({ id: 'Objective' });
export type Objective = z.infer<typeof objectiveSchema>;

/**
 * When a trial is given up, as Katib's early stopping has it: the best value of the metric so far is compared once, at
 * report number `startStep`.
 */
export const stopRuleSchema = z
  .strictObject({
    metric: metricSchema,
    comparison: z.enum(['less', 'greater', 'equal']).describe('of the best value with this one, for which it stops'),
    value: z.number(),
    startStep: z.int().min(1).describe('the report, from 1, at which they are compared'),
  })
  .meta({ id: 'StopRule' });
export type StopRule = z.infer<typeof stopRuleSchema>;

/**
 * Whether a trial is given up at its last report: each rule has been hit. As Katib has it, a rule is looked at once, at
 * report number `startStep` of its metric, and compares the best value so far where its metric is the objective, and
 * otherwise the value of that report.
 *
 * @param rules at most one of a metric; none never stop
 * @param reported the values of each metric so far, in order, one a report
 */
export function isGivenUp(
  rules: readonly StopRule[],
  objective: Objective,
  reported: Readonly<Partial<Record<MetricName, readonly number[]>>>,
): boolean {
  return rules.length > 0 && rules.every((rule) => isHit(rule, objective, reported[rule.metric] ?? []));
}

function isHit({ metric, comparison, value, startStep }: StopRule, objective: Objective, all: readonly number[]) {
  const values = all.slice(0, startStep);
  const last = values.at(-1);
  if (values.length < startStep || last === undefined) return false;
  const best = values.reduce((a, b) => (objective.type === 'maximize' ? Math.max(a, b) : Math.min(a, b)), last);
  const compared = metric === objective.metric ? best : last;
  return { less: compared < value, greater: compared > value, equal: compared === value }[comparison];
}

/** A trial's place in its search, with what it tries. */
export const trialShape = {
  experiment: experimentIdSchema.describe('the name of the Katib Experiment'),
  index: z.int().min(0).optional().describe('of the trial in its search, where who asks for it knows'),
  assignments: z.record(z.string().min(1).max(64), z.string().max(256)).describe('as Katib gives them: strings'),
};

/** What an algorithm notes with a trial for itself. */
export const labelsSchema = z.record(z.string().max(64), z.string().max(64));
