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

/** A trial's place in its search, with what it tries. */
export const trialShape = {
  experiment: experimentIdSchema.describe('the name of the Katib Experiment'),
  index: z.int().min(0).optional().describe('of the trial in its search, where who asks for it knows'),
  assignments: z.record(z.string().min(1).max(64), z.string().max(256)).describe('as Katib gives them: strings'),
};

/** What an algorithm notes with a trial for itself. */
export const labelsSchema = z.record(z.string().max(64), z.string().max(64));

/** Whether a trial is given up by the rule, with the best value so far at report number `startStep`. */
export function stopsAt({ comparison, value }: StopRule, best: number): boolean {
  if (comparison === 'equal') return best === value;
  return comparison === 'less' ? best < value : best > value;
}
