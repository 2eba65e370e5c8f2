import { z } from 'zod';
import { DISTRIBUTIONS } from '../algorithms/algorithm.ts';
import { jobSchema } from './job.ts';
import { integerSchema, nameSchema, textMapSchema, textSchema } from './text.ts';

// What is honoured of a Katib Experiment, field by field, with Katib's defaults. Katib's own definition lets every field
// pass and drops in silence what it does not know.

const finite = z.number('expected a number');

const objectiveSchema = z.strictObject({
  type: z.enum(['minimize', 'maximize']),
  goal: finite.optional(),
  objectiveMetricName: nameSchema,
  additionalMetricNames: z.array(nameSchema).default([]),
  metricStrategies: z.array(z.strictObject({ name: nameSchema, value: z.enum(['min', 'max', 'latest']) })).default([]),
});

const settingsSchema = z.array(z.strictObject({ name: nameSchema, value: textSchema })).default([]);

const feasibleSpaceSchema = z.strictObject({
  min: textSchema.optional(),
  max: textSchema.optional(),
  step: textSchema.optional(),
  list: z.array(textSchema).optional(),
  distribution: z.enum(DISTRIBUTIONS).default('uniform'),
});

const parameterSchema = z.strictObject({
  name: textSchema.regex(/^[\w.-]{1,64}$/, 'expected 1 to 64 letters, digits, "_", "." or "-"'),
  parameterType: z.enum(['double', 'int', 'discrete', 'categorical']),
  feasibleSpace: feasibleSpaceSchema,
});

/** What GJSON finds in a Job that is done; Katib fills both in. */
const CONDITIONS = {
  success: 'status.conditions.#(type=="Complete")#|#(status=="True")#',
  failure: 'status.conditions.#(type=="Failed")#|#(status=="True")#',
};

const trialTemplateSchema = z.strictObject({
  /** Of the Job of a finished trial, which there is none of on one machine. */
  retain: z.boolean().default(false),
  primaryContainerName: nameSchema,
  successCondition: z.literal(CONDITIONS.success).default(CONDITIONS.success),
  failureCondition: z.literal(CONDITIONS.failure).default(CONDITIONS.failure),
  trialParameters: z
    .array(
      z.strictObject({
        name: textSchema.regex(/^[^{}"\\\p{Cc}]+$/u, 'expected a name without {, }, quotes and backslashes'),
        description: textSchema.optional(),
        reference: nameSchema,
      }),
    )
    .min(1, 'expected at least one'),
  trialSpec: jobSchema,
});

const specSchema = z.strictObject({
  objective: objectiveSchema,
  algorithm: z.strictObject({ algorithmName: nameSchema, algorithmSettings: settingsSchema }),
  earlyStopping: z.strictObject({ algorithmName: nameSchema, algorithmSettings: settingsSchema }).optional(),
  parallelTrialCount: integerSchema(1).default(3),
  maxTrialCount: integerSchema(1, ': without a limit Katib never ends the search'),
  maxFailedTrialCount: integerSchema(0).optional(),
  resumePolicy: z.enum(['Never', 'LongRunning', 'FromVolume']).default('Never'),
  parameters: z.array(parameterSchema).min(1, 'expected at least one parameter'),
  metricsCollectorSpec: z
    .strictObject({
      collector: z.strictObject({ kind: z.literal('StdOut').default('StdOut') }).prefault({}),
      source: z.strictObject({ filter: z.strictObject({ metricsFormat: z.array(textSchema).min(1) }) }).optional(),
    })
    .prefault({}),
  trialTemplate: trialTemplateSchema,
});

/** `Experiment` of `kubeflow.org/v1beta1`. */
export const experimentSchema = z.strictObject({
  apiVersion: z.literal('kubeflow.org/v1beta1'),
  kind: z.literal('Experiment'),
  metadata: z.strictObject({
    name: textSchema.regex(
      /^[a-z](?:[-a-z0-9]{0,38}[a-z0-9])?$/,
      'expected 1 to 40 lower-case letters, digits or "-", beginning with a letter and not ending with "-"',
    ),
    namespace: nameSchema.optional(),
    labels: textMapSchema.optional(),
    annotations: textMapSchema.optional(),
  }),
  spec: specSchema,
});

/** An Experiment with the defaults filled in, as Katib does. */
export type Experiment = z.infer<typeof experimentSchema>;
export type ExperimentSpec = Experiment['spec'];
