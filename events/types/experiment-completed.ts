import { z } from 'zod';
import { defineEvent } from '../define.ts';
import { exampleDataset, examplePlot } from '../examples.ts';
import { experimentIdSchema } from '../ids.ts';
import { datasetSchema, modelRowSchema, plotSchema } from '../parts.ts';
import { exampleRow } from './models-compared.ts';

export const experimentCompleted = defineEvent({
  type: 'experiment.completed',
  summary: 'The experiment is over and everything it promised is there: the summary.',
  schema: z.strictObject({
    experiment: experimentIdSchema,
    experimentName: z.string(),
    dataset: datasetSchema,
    models: z.array(modelRowSchema).min(1),
    plots: z.array(plotSchema).min(1),
  }),
  example: {
    experiment: 'xor-0123456789ab',
    experimentName: 'xor',
    dataset: exampleDataset,
    models: [exampleRow],
    plots: [examplePlot('scatter-train', 'The two classes lie across the diagonals')],
  },
  terminal: true,
});
