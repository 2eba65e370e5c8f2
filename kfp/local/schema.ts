import { z } from 'zod';

// What the local interpreter honours of a pipeline, field by field: anything else is refused by its path.

const parameterSchema = z.strictObject({
  parameterType: z.enum([
    'NUMBER_DOUBLE',
    'NUMBER_INTEGER',
    'STRING',
    'BOOLEAN',
    'LIST',
    'STRUCT',
    'TASK_FINAL_STATUS',
  ]),
  defaultValue: z.unknown().optional(),
  isOptional: z.boolean().optional(),
  description: z.string().optional(),
});
export type Parameter = z.infer<typeof parameterSchema>;

const artifactSchema = z.strictObject({
  artifactType: z.strictObject({ schemaTitle: z.string(), schemaVersion: z.string() }),
  description: z.string().optional(),
});

const definitionsSchema = z.strictObject({
  parameters: z.record(z.string(), parameterSchema).default({}),
  artifacts: z.record(z.string(), artifactSchema).default({}),
});

const sourceSchema = z.union([
  z.strictObject({ componentInputParameter: z.string() }),
  z.strictObject({ runtimeValue: z.strictObject({ constant: z.unknown() }) }),
  z.strictObject({ taskOutputParameter: z.strictObject({ producerTask: z.string(), outputParameterKey: z.string() }) }),
  z.strictObject({ taskFinalStatus: z.strictObject({ producerTask: z.string() }) }),
]);
export type Source = z.infer<typeof sourceSchema>;

const duration = z.string().regex(/^\d+(\.\d+)?s$/, 'expected seconds such as 10s');

const taskSchema = z.strictObject({
  taskInfo: z.strictObject({ name: z.string().min(1) }),
  componentRef: z.strictObject({ name: z.string() }),
  cachingOptions: z.strictObject({}, 'expected {}: there is no cache on one machine').optional(),
  dependentTasks: z.array(z.string()).default([]),
  inputs: z.strictObject({ parameters: z.record(z.string(), sourceSchema).default({}) }).prefault({}),
  retryPolicy: z
    .strictObject({
      maxRetryCount: z.int().min(0),
      backoffDuration: duration.optional(),
      backoffFactor: z.number().positive().optional(),
      backoffMaxDuration: duration.optional(),
    })
    .optional(),
  triggerPolicy: z
    .strictObject({
      condition: z.string().optional(),
      strategy: z.literal('ALL_UPSTREAM_TASKS_COMPLETED').optional(),
    })
    .optional(),
  parameterIterator: z
    .strictObject({ itemInput: z.string(), items: z.strictObject({ inputParameter: z.string() }) })
    .optional(),
  iteratorPolicy: z.strictObject({ parallelismLimit: z.int().min(0) }).optional(),
});
export type Task = z.infer<typeof taskSchema>;

const dagSchema = z.strictObject({ tasks: z.record(z.string(), taskSchema) });
export type Dag = z.infer<typeof dagSchema>;

const componentSchema = z
  .strictObject({
    inputDefinitions: definitionsSchema.prefault({}),
    outputDefinitions: definitionsSchema.prefault({}),
    executorLabel: z.string().optional(),
    dag: dagSchema.optional(),
  })
  .refine(
    ({ executorLabel, dag }) => (executorLabel === undefined) !== (dag === undefined),
    'expected executorLabel or dag',
  );
export type Component = z.infer<typeof componentSchema>;

const containerSchema = z.strictObject({
  image: z.string(),
  command: z.array(z.string()).min(1, 'expected a command: an image has none on one machine'),
  args: z.array(z.string()).default([]),
  env: z.array(z.strictObject({ name: z.string(), value: z.string() })).default([]),
  /** Of pods, which there are none of on one machine. */
  resources: z.record(z.string(), z.unknown()).optional(),
});
export type Container = z.infer<typeof containerSchema>;

export const pipelineSchema = z.strictObject({
  pipelineInfo: z.strictObject({ name: z.string(), description: z.string().optional() }),
  schemaVersion: z.literal('2.1.0'),
  sdkVersion: z.string(),
  root: z.strictObject({ inputDefinitions: definitionsSchema.prefault({}), dag: dagSchema }),
  components: z.record(z.string(), componentSchema),
  deploymentSpec: z.strictObject({ executors: z.record(z.string(), z.strictObject({ container: containerSchema })) }),
});
export type Pipeline = z.infer<typeof pipelineSchema>;

export const platformSchema = z.strictObject({
  platforms: z.strictObject({
    kubernetes: z.strictObject({
      deploymentSpec: z.strictObject({
        executors: z.record(
          z.string(),
          z.strictObject({ activeDeadlineSeconds: z.string().regex(/^\d+$/, 'expected seconds, quoted').optional() }),
        ),
      }),
    }),
  }),
});
