import { z } from 'zod';
import { descriptorSchema, digestSchema } from './descriptor.ts';
import { experimentIdSchema } from './ids.ts';
import { LIMITS, resolvedModelSchema } from './spec.ts';

/** Mean binary cross-entropy in nats, and the share of points on the right side of 0.5. */
export const metricsSchema = z
  .strictObject({ loss: z.number(), accuracy: z.number().min(0).max(1) })
  .meta({ id: 'Metrics' });
export type Metrics = z.infer<typeof metricsSchema>;

const classCount = z.strictObject({ zeros: z.int().min(0), ones: z.int().min(0) });

/** The splits of a dataset. */
export const SPLITS = ['train', 'validation', 'test'] as const;

/** The three splits of a dataset, each an Arrow file: one float32 column `x0`, `x1`, … per coordinate and `label` (uint8). */
export const datasetSchema = z
  .strictObject({
    dims: z.int().min(LIMITS.dims.min).max(LIMITS.dims.max),
    train: descriptorSchema,
    validation: descriptorSchema,
    test: descriptorSchema,
  })
  .meta({ id: 'Dataset' });
export type Dataset = z.infer<typeof datasetSchema>;

export const balanceSchema = z
  .strictObject({ train: classCount, validation: classCount, test: classCount })
  .meta({ id: 'ClassBalance' });

/** One chart, kept three ways: a PNG, a self-contained page, and the Vega-Lite spec. */
export const plotSchema = z
  .strictObject({
    name: z.string().regex(/^[a-z0-9-]{1,64}$/),
    title: z.string().min(1).max(200).describe('what the chart shows to be true'),
    png: descriptorSchema,
    html: descriptorSchema,
    spec: descriptorSchema,
  })
  .meta({ id: 'Plot' });
export type Plot = z.infer<typeof plotSchema>;

/** What a trained model is made of: a TensorFlow.js LayersModel in two files. */
export const weightsSchema = z
  .strictObject({ model: descriptorSchema.describe('model.json'), weights: descriptorSchema.describe('weights.bin') })
  .meta({ id: 'Weights' });

/** A model's place in its experiment, with all that training and comparing it take. */
export const assignmentShape = {
  experiment: experimentIdSchema,
  experimentName: z.string(),
  index: z.int().min(0).describe('of the model in the spec'),
  count: z.int().min(1).describe('models in the experiment'),
  model: resolvedModelSchema,
  dataset: datasetSchema,
};

/** One row of the table of models. */
export const modelRowSchema = z
  .strictObject({
    index: z.int().min(0),
    name: z.string(),
    hidden: z.array(z.int()),
    parameters: z.int().describe('weights and biases'),
    engine: z.string(),
    train: metricsSchema,
    validation: metricsSchema,
    test: metricsSchema,
    auc: z.number().min(0).max(1).describe('area under the ROC curve, on the test points'),
    weights: digestSchema.describe('of weights.bin'),
    durationMs: z.number().min(0).describe('of the training, in milliseconds'),
  })
  .meta({ id: 'ModelRow' });
export type ModelRow = z.infer<typeof modelRowSchema>;
