import { z } from 'zod';
import { defineEvent } from '../define.ts';
import { experimentIdSchema } from '../ids.ts';

const shared = {
  experiment: experimentIdSchema.describe('the name of the Katib Experiment'),
  assignments: z.record(z.string(), z.string()),
};

export const trialCompleted = defineEvent({
  type: 'trial.completed',
  summary: 'A trial is over: its objective and additional metrics, or why it failed.',
  schema: z.discriminatedUnion('status', [
    z.strictObject({
      ...shared,
      status: z.literal('succeeded'),
      objective: z.strictObject({ name: z.string(), value: z.number() }),
      metrics: z.record(z.string(), z.number()),
    }),
    z.strictObject({ ...shared, status: z.literal('failed'), reason: z.string().min(1).max(2_000) }),
  ]),
  example: {
    experiment: 'xor-random',
    assignments: { learning_rate: '0.01', hidden: '16' },
    status: 'succeeded',
    objective: { name: 'validation_accuracy', value: 0.997 },
    metrics: { loss: 0.021, accuracy: 0.998, validation_loss: 0.024 },
  },
  extensions: { experiment: 'the name of the Katib Experiment' },
});
