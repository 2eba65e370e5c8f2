import { z } from 'zod';
import { defineEvent } from '../define.ts';
import { examplePlot } from '../examples.ts';
import { experimentIdSchema } from '../ids.ts';
import { type ModelRow, modelRowSchema, plotSchema } from '../parts.ts';
import { modelTrained } from './model-trained.ts';

const { model, index, weights, train, validation, test, engine, durationMs } = modelTrained.example;

export const exampleRow: ModelRow = {
  index,
  name: model.name,
  hidden: model.hidden,
  parameters: 65,
  engine: engine.name,
  train,
  validation,
  test,
  auc: 0.9998,
  weights: weights.weights.digest,
  durationMs,
};

export const modelsCompared = defineEvent({
  type: 'models.compared',
  summary: 'All models of the experiment are trained and have been compared on the test points.',
  schema: z.strictObject({
    experiment: experimentIdSchema,
    models: z.array(modelRowSchema).min(1),
    plots: z.array(plotSchema).min(1),
  }),
  example: {
    experiment: 'xor-0123456789ab',
    models: [exampleRow],
    plots: [examplePlot('test-accuracy', 'One hidden layer is enough')],
  },
});
