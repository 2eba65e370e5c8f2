import { z } from 'zod';
import { defineEvent } from '../define.ts';
import { experimentIdSchema } from '../ids.ts';
import { labelsSchema, objectiveSchema, stopRuleSchema, trialShape } from '../search.ts';
import { resolvedModelSchema, specSchema } from '../spec.ts';

const spec = specSchema.parse({});

export const trialRequested = defineEvent({
  type: 'trial.requested',
  summary: 'A search wants one assignment of hyperparameters tried; the subject is the name of the trial.',
  schema: z.strictObject({
    ...trialShape,
    labels: labelsSchema.optional().describe('what the algorithm notes with the trial for itself'),
    objective: objectiveSchema,
    stopRules: z.array(stopRuleSchema).max(16).default([]).describe('of early stopping; who trains stops by them'),
    dataset: specSchema.shape.dataset.describe('points to train on and to judge by; the test points are not looked at'),
    model: resolvedModelSchema,
    deadlineMs: z.int().min(1).describe('milliseconds after which nobody waits for the result any more'),
  }),
  example: {
    experiment: experimentIdSchema.parse('xor-random'),
    index: 0,
    assignments: { learning_rate: '0.01', hidden: '16' },
    objective: { metric: 'validation_accuracy', type: 'maximize' },
    stopRules: [{ metric: 'validation_accuracy', comparison: 'less', value: 0.6, startStep: 4 }],
    dataset: spec.dataset,
    model: { name: 'trial', hidden: [16], activation: 'relu', training: spec.training },
    deadlineMs: 600_000,
  },
  extensions: { experiment: 'the name of the Katib Experiment' },
});
