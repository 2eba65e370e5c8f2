import { z } from 'zod';
import { defineEvent } from '../define.ts';
import { METRICS, objectiveSchema, trialShape } from '../search.ts';

const judged = {
  ...trialShape,
  objective: objectiveSchema.extend({ value: z.number().describe('at the last report') }),
  metrics: z.partialRecord(z.enum(METRICS), z.number()).describe('at the last report'),
  epochs: z.int().min(1).describe('that were trained'),
  durationMs: z.number().min(0).describe('of the training, in milliseconds'),
};
const reason = z.string().min(1).max(2_000);

export const trialCompleted = defineEvent({
  type: 'trial.completed',
  summary: 'A trial is over: its objective and other metrics, whether it was stopped early, or why it failed.',
  schema: z.discriminatedUnion('status', [
    z.strictObject({ ...judged, status: z.literal('succeeded') }),
    z.strictObject({ ...judged, status: z.literal('stopped'), reason }),
    z.strictObject({ ...trialShape, status: z.literal('failed'), reason }),
  ]),
  example: {
    experiment: 'xor-random',
    index: 0,
    assignments: { learning_rate: '0.01', hidden: '16' },
    status: 'succeeded',
    objective: { metric: 'validation_accuracy', type: 'maximize', value: 0.997 },
    metrics: { loss: 0.021, accuracy: 0.998, validation_loss: 0.024, validation_accuracy: 0.997 },
    epochs: 200,
    durationMs: 24,
  },
  extensions: { experiment: 'the name of the Katib Experiment' },
});
