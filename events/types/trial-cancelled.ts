import { z } from 'zod';
import { defineEvent } from '../define.ts';
import { experimentIdSchema } from '../ids.ts';

export const trialCancelled = defineEvent({
  type: 'trial.cancelled',
  summary:
    'Nobody wants the rest of a trial: who trains it looks for this in its log, stops, and completes it with what there is.',
  schema: z.strictObject({
    experiment: experimentIdSchema.describe('the name of the Katib Experiment'),
    reason: z.string().min(1).max(2_000),
  }),
  example: { experiment: 'xor-random', reason: 'the pod of the trial was told to stop' },
  extensions: { experiment: 'the name of the Katib Experiment' },
});
