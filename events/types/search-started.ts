import { z } from 'zod';
import { defineEvent } from '../define.ts';
import { experimentIdSchema } from '../ids.ts';
import { objectiveSchema } from '../search.ts';

export const searchStarted = defineEvent({
  type: 'search.started',
  summary:
    'A search on one machine begins, or goes on with other limits: the Experiment that it works on. The subject is its name.',
  schema: z.strictObject({
    experiment: experimentIdSchema.describe('the name of the Katib Experiment'),
    objective: objectiveSchema,
    spec: z.record(z.string(), z.unknown()).describe('of the Katib Experiment, as its file has it'),
  }),
  example: {
    experiment: 'xor-random',
    objective: { metric: 'validation_accuracy', type: 'maximize' },
    spec: { objective: { type: 'maximize', objectiveMetricName: 'validation_accuracy' }, maxTrialCount: 24 },
  },
  extensions: { experiment: 'the name of the Katib Experiment' },
});
