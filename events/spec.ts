import { z } from 'zod';

/** Limits of an experiment's spec. They are part of the schema and so of every generated document. */
export const LIMITS = {
  dims: { min: 2, max: 64 },
  size: { min: 1, max: 100_000_000 },
  seed: { min: 0, max: 2 ** 32 - 1 },
  models: { min: 1, max: 100 },
  hiddenLayers: 8,
  width: { min: 1, max: 1024 },
  epochs: { min: 1, max: 1_000_000 },
  learningRate: 100,
  nameLength: 64,
} as const;

const integer = ({ min, max }: { min: number; max: number }) => {
  const error = `expected an integer from ${min} to ${max}`;
  return z.int({ error }).min(min, { error }).max(max, { error });
};
const seed = integer(LIMITS.seed);

/**
 * Names go into file names, metric lines, plot legends and HTML: no slash, markup, control character or `=`
 * (Katib reads `key=value` anywhere in a line).
 */
const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9 ._,:()[\]+-]{0,62}[A-Za-z0-9)\]])?$/;
const name = z
  .string()
  .max(LIMITS.nameLength)
  .regex(
    NAME,
    'expected 1 to 64 ASCII letters, digits, spaces or . _ , : ( ) [ ] + -, beginning with a letter or digit',
  );

export const ACTIVATIONS = ['relu', 'tanh', 'sigmoid'] as const;
export const OPTIMIZERS = ['adam', 'sgd'] as const;
export const ENGINES = ['auto', 'fused', 'tensorflow'] as const;

const datasetSchema = z
  .strictObject({
    dims: integer(LIMITS.dims).default(2).describe('dimensions n of the XOR problem'),
    trainSize: integer(LIMITS.size).default(10_000).describe('points to train on'),
    validationSize: integer(LIMITS.size).default(1_000).describe('points that searches are judged by'),
    testSize: integer(LIMITS.size).default(1_000).describe('points that are looked at once, at the end'),
    seed: seed.default(42),
  })
  .meta({ id: 'DatasetSpec' });

const LEARNING_RATE = `expected a number over 0 and up to ${LIMITS.learningRate}`;
const MOMENTUM = 'expected a number from 0 to less than 1';

const trainingFields = {
  epochs: integer(LIMITS.epochs).describe('passes over the training points'),
  batchSize: z
    .union([z.literal('full'), integer(LIMITS.size)], {
      error: `expected "full" or an integer from ${LIMITS.size.min} to ${LIMITS.size.max}`,
    })
    .describe('points per step, or "full"'),
  optimizer: z.enum(OPTIMIZERS),
  learningRate: z
    .number({ error: LEARNING_RATE })
    .gt(0, { error: LEARNING_RATE })
    .max(LIMITS.learningRate, { error: LEARNING_RATE }),
  momentum: z
    .number({ error: MOMENTUM })
    .min(0, { error: MOMENTUM })
    .lt(1, { error: MOMENTUM })
    .describe('of sgd; adam has its own'),
  seed: seed.describe('of the initial weights and of the order of mini-batches'),
  engine: z.enum(ENGINES),
};

const trainingSchema = z
  .strictObject({
    epochs: trainingFields.epochs.default(1_000),
    batchSize: trainingFields.batchSize.default('full'),
    optimizer: trainingFields.optimizer.default('adam'),
    learningRate: trainingFields.learningRate.default(0.01),
    momentum: trainingFields.momentum.default(0),
    seed: trainingFields.seed.default(42),
    engine: trainingFields.engine.default('auto'),
  })
  .meta({ id: 'TrainingSpec' });

const modelSchema = z
  .strictObject({
    name,
    hidden: z
      .array(integer(LIMITS.width))
      .max(LIMITS.hiddenLayers)
      .describe('widths of the hidden layers, in order; none is a linear model'),
    activation: z.enum(ACTIVATIONS).default('relu').describe('of the hidden layers'),
    ...z.strictObject(trainingFields).partial().shape,
  })
  .meta({ id: 'ModelSpec' });

const MODELS = `expected ${LIMITS.models.min} to ${LIMITS.models.max} models`;

const DEFAULT_MODELS = [
  { name: '0 hidden layers', hidden: [], activation: 'relu' as const },
  { name: '1 hidden layer', hidden: [16], activation: 'relu' as const },
];

/** The spec of one experiment: parsing it fills in every default. */
export const specSchema = z
  .strictObject({
    name: name.default('xor').describe('for people; it need not be unique'),
    dataset: datasetSchema.prefault({}),
    models: z
      .array(modelSchema)
      .min(LIMITS.models.min, { error: MODELS })
      .max(LIMITS.models.max, { error: MODELS })
      .default(() => structuredClone(DEFAULT_MODELS)),
    training: trainingSchema.prefault({}),
  })
  .superRefine((spec, context) => {
    const seen = new Map<string, number>();
    for (const [index, model] of spec.models.entries()) {
      // Compared as the file names made of them are, so that no model's files replace another's.
      const key = slug(model.name);
      const twin = seen.get(key);
      if (twin !== undefined) {
        context.addIssue({
          code: 'custom',
          input: model.name,
          path: ['models', index, 'name'],
          message: `expected a name that differs from models.${twin}.name in more than case and punctuation`,
        });
      }
      seen.set(key, index);
    }
  })
  .meta({ id: 'ExperimentSpec' });

export type ExperimentSpec = z.infer<typeof specSchema>;
export type ExperimentSpecInput = z.input<typeof specSchema>;
export type DatasetSpec = ExperimentSpec['dataset'];
export type TrainingSpec = ExperimentSpec['training'];

/** One model with the training settings that it really gets: its own, else the experiment's. */
export const resolvedModelSchema = z
  .strictObject({
    name,
    hidden: modelSchema.shape.hidden,
    activation: z.enum(ACTIVATIONS),
    training: trainingSchema,
  })
  .meta({ id: 'ResolvedModel' });

export type ResolvedModel = z.infer<typeof resolvedModelSchema>;

/** Settles what model `index` of the spec is trained with. */
export function resolveModel(spec: ExperimentSpec, index: number): ResolvedModel {
  const model = spec.models[index];
  if (!model) throw new RangeError(`No model ${index} in a spec of ${spec.models.length}`);
  const { name, hidden, activation, ...overrides } = model;
  const given = Object.entries(overrides).filter(([, value]) => value !== undefined);
  return { name, hidden, activation, training: { ...spec.training, ...Object.fromEntries(given) } };
}

/** `1 hidden layer` -> `1-hidden-layer`: a model's name where spaces cannot stand. */
export function slug(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');
}

/** Weights and biases of a multilayer perceptron with one sigmoid output. */
export function parameterCount(dims: number, hidden: readonly number[]): number {
  let inputs = dims;
  let count = 0;
  for (const width of [...hidden, 1]) {
    count += (inputs + 1) * width;
    inputs = width;
  }
  return count;
}
