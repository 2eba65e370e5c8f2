import { z } from 'zod';
import { defineEvent } from '../define.ts';

export const experimentFailed = defineEvent({
  type: 'experiment.failed',
  summary: 'The experiment cannot be finished: where, why, and the event that brought it about.',
  schema: z.strictObject({
    stage: z.string().min(1).max(64).describe('the function that gave up'),
    code: z.string().max(64),
    reason: z.string().min(1).max(2_000),
    cause: z.strictObject({ type: z.string(), source: z.string(), id: z.string() }),
  }),
  example: {
    stage: 'train',
    code: 'DIVERGED',
    reason:
      'Loss not finite at epoch 17 of model "1 hidden layer": expected a finite number; use a smaller learning rate than 50',
    cause: { type: 'training.requested', source: '/xorflow/train', id: '0123456789abcdef0123456789abcdef' },
  },
  terminal: true,
});
