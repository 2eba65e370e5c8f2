import { z } from 'zod';
import { defineEvent } from '../define.ts';
import { descriptorSchema, MEDIA } from '../descriptor.ts';
import { exampleDescriptor, exampleWeights } from '../examples.ts';
import { assignmentShape, metricsSchema, weightsSchema } from '../parts.ts';
import { trainingRequested } from './training-requested.ts';

export const modelTrained = defineEvent({
  type: 'model.trained',
  summary: 'One model has been trained: its weights, its history and its final metrics.',
  schema: z.strictObject({
    ...assignmentShape,
    weights: weightsSchema,
    history: descriptorSchema.describe('Arrow file: epoch, loss, accuracy, validation_loss, validation_accuracy'),
    train: metricsSchema,
    validation: metricsSchema,
    test: metricsSchema,
    engine: z.strictObject({ name: z.string(), reason: z.string() }).describe('what trained it, and why that'),
    durationMs: z.number().min(0).describe('of the training alone'),
  }),
  example: {
    ...trainingRequested.example,
    weights: exampleWeights,
    history: exampleDescriptor('history.arrow', MEDIA.arrow),
    train: { loss: 0.021, accuracy: 0.998 },
    validation: { loss: 0.024, accuracy: 0.997 },
    test: { loss: 0.023, accuracy: 0.996 },
    engine: { name: 'fused', reason: 'the same weights on every machine' },
    durationMs: 812,
  },
});
