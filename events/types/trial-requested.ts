import { z } from 'zod';
import { defineEvent } from '../define.ts';
import { experimentIdSchema } from '../ids.ts';
import { resolvedModelSchema, specSchema } from '../spec.ts';

const spec = specSchema.parse({});

export const trialRequested = defineEvent({
  type: 'trial.requested',
  summary: 'A search wants one assignment of hyperparameters tried; the subject is the name of the trial.',
  schema: z.strictObject({
    experiment: experimentIdSchema.describe('the name of the Katib Experiment'),
    assignments: z.record(z.string().min(1).max(64), z.string().max(256)).describe('as Katib gives them: strings'),
    dataset: specSchema.shape.dataset,
    model: resolvedModelSchema,
    deadlineMs: z.int().min(1).describe('milliseconds after which nobody waits for the result any more'),
  }),
  example: {
    experiment: 'xor-random',
    assignments: { learning_rate: '0.01', hidden: '16' },
    dataset: spec.dataset,
    model: { name: 'trial', hidden: [16], activation: 'relu', training: spec.training },
    deadlineMs: 600_000,
  },
  extensions: { experiment: 'the name of the Katib Experiment' },
});
