import { z } from 'zod';
import { defineEvent } from '../define.ts';
import { exampleDataset } from '../examples.ts';
import { assignmentShape } from '../parts.ts';
import { resolveModel, specSchema } from '../spec.ts';

export const trainingRequested = defineEvent({
  type: 'training.requested',
  summary: 'One model of the experiment is to be trained.',
  schema: z.strictObject(assignmentShape),
  extensions: { tier: 'service or job: how long it is estimated to take' },
  example: {
    experiment: 'xor-0123456789ab',
    experimentName: 'xor',
    index: 1,
    count: 2,
    model: resolveModel(specSchema.parse({}), 1),
    dataset: exampleDataset,
  },
});
