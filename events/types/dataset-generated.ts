import { z } from 'zod';
import { defineEvent } from '../define.ts';
import { exampleDataset } from '../examples.ts';
import { balanceSchema, datasetSchema } from '../parts.ts';
import { specSchema } from '../spec.ts';

export const datasetGenerated = defineEvent({
  type: 'dataset.generated',
  summary: 'The train, validation and test points exist as Arrow files.',
  schema: z.strictObject({ spec: specSchema, dataset: datasetSchema, balance: balanceSchema }),
  example: {
    spec: specSchema.parse({}),
    dataset: exampleDataset,
    balance: {
      train: { zeros: 5012, ones: 4988 },
      validation: { zeros: 493, ones: 507 },
      test: { zeros: 502, ones: 498 },
    },
  },
  extensions: { dims: 'the number of dimensions, in decimal' },
});
