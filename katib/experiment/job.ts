import { z } from 'zod';
import { integerSchema, nameSchema, textMapSchema, textSchema } from './text.ts';

// The Job of a trial, typed: Katib's webhook refuses what is no field of a Job, and the API server tells nobody of what it
// drops. Fields that have no meaning on one machine are taken as Kubernetes has them; one that is not here is refused.

/** What Katib's wrapper, `sh -c` with the words joined by spaces, leaves as it is. */
const PLAIN_WORD = /^[\w@%+=:,./-]+$/;

const wordSchema = textSchema.regex(PLAIN_WORD, {
  error: ({ input }) =>
    String(input).includes('${trialParameters.')
      ? 'expected no hyperparameter here but in env: Katib hands command and args to a shell, unquoted'
      : 'expected letters, digits and @%+=:,./_- alone: Katib hands command and args to a shell, unquoted',
});

const COMMAND = 'expected a command: without one Katib asks the registry of the image for it';

const commandSchema = z
  .array(wordSchema, COMMAND)
  .min(1, { error: COMMAND, abort: true })
  .refine(
    ([program]) => program === 'node',
    'expected node as the first word: a shell or exec hides the process from Katib',
  );

const envSchema = z
  .array(
    z.strictObject({
      name: textSchema
        .regex(/^[A-Za-z_][A-Za-z0-9_.-]*$/, 'expected the name of an environment variable')
        .refine((name) => name !== 'KATIB_TRIAL_NAME', 'expected another name: Katib sets this variable'),
      value: textSchema.refine(
        (value) => !/\$[($]/.test(value),
        'expected neither $( nor $$, which Kubernetes replaces and one machine does not',
      ),
    }),
  )
  .superRefine((variables, context) => {
    for (const [index, { name }] of variables.entries()) {
      if (variables.findIndex((other) => other.name === name) === index) continue;
      context.addIssue({ code: 'custom', input: name, path: [index, 'name'], message: 'expected every name once' });
    }
  });

const QUANTITY = 'expected a quantity such as 500m or 256Mi';
const quantity = z
  .union([z.number(), z.string()], QUANTITY)
  .refine((value) => /^\d+(?:\.\d+)?(?:m|k|[KMGT]i?)?$/.test(String(value)), QUANTITY);
const quantities = z.partialRecord(z.enum(['cpu', 'memory', 'ephemeral-storage']), quantity);

const identity = {
  runAsNonRoot: z.boolean().optional(),
  runAsUser: integerSchema(0).optional(),
  runAsGroup: integerSchema(0).optional(),
  seccompProfile: z.strictObject({ type: z.enum(['RuntimeDefault', 'Unconfined']) }).optional(),
};

const containerSchema = z.strictObject({
  name: nameSchema,
  image: nameSchema,
  imagePullPolicy: z.enum(['Always', 'IfNotPresent', 'Never']).optional(),
  command: commandSchema,
  args: z.array(wordSchema).default([]),
  env: envSchema.default([]),
  resources: z.strictObject({ requests: quantities.optional(), limits: quantities.optional() }).optional(),
  securityContext: z
    .strictObject({
      ...identity,
      readOnlyRootFilesystem: z.boolean().optional(),
      allowPrivilegeEscalation: z.boolean().optional(),
      capabilities: z.strictObject({ drop: z.array(textSchema).optional() }).optional(),
    })
    .optional(),
});

const INJECT = 'sidecar.istio.io/inject';

const podSchema = z.strictObject({
  restartPolicy: z.literal('Never', 'expected "Never": a container that starts again would be the same trial again'),
  containers: z.array(containerSchema).length(1, 'expected one container: Katib waits for every one'),
  serviceAccountName: nameSchema.optional(),
  automountServiceAccountToken: z.boolean().optional(),
  enableServiceLinks: z.boolean().optional(),
  terminationGracePeriodSeconds: integerSchema(0).optional(),
  securityContext: z.strictObject(identity).optional(),
  imagePullSecrets: z.array(z.strictObject({ name: nameSchema })).optional(),
  nodeSelector: textMapSchema.optional(),
  priorityClassName: nameSchema.optional(),
});

const given = z.undefined('expected none: Katib gives a trial its name and namespace').optional();

/** A trial's `batch/v1` Job as it stands in a template, placeholders included. */
export const jobSchema = z.strictObject({
  apiVersion: z.literal('batch/v1'),
  kind: z.literal('Job'),
  metadata: z
    .strictObject({
      name: given,
      namespace: given,
      labels: textMapSchema.optional(),
      annotations: textMapSchema.optional(),
    })
    .optional(),
  spec: z.strictObject({
    backoffLimit: z.literal(0, 'expected 0: a pod that is tried again would be the same trial again'),
    activeDeadlineSeconds: integerSchema(1, ': nothing else ends a trial that hangs'),
    ttlSecondsAfterFinished: integerSchema(3600, ': Katib makes a Job anew that is gone too early').optional(),
    template: z.strictObject({
      metadata: z.strictObject({
        labels: z
          .object({ [INJECT]: z.literal('false', 'expected "false": a sidecar would not end with the trial') })
          .catchall(textSchema),
        annotations: textMapSchema.optional(),
      }),
      spec: podSchema,
    }),
  }),
});

export type Job = z.infer<typeof jobSchema>;
