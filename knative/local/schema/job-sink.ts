import { z } from 'zod';
import { containerShape } from './container.ts';
import { metadataOf, stringMapSchema } from './parts.ts';

const exitCodeRule = z.strictObject({
  action: z.literal('FailJob'),
  onExitCodes: z.strictObject({
    containerName: z.string().optional(),
    operator: z.enum(['In', 'NotIn']),
    values: z.array(z.int().min(0).max(255)).min(1),
  }),
});

/** Its conditions are of pods, which there are none of on one machine (see ignored.ts). */
const ignoredRule = z.strictObject({ action: z.literal('Ignore') });

const podSchema = z.strictObject({
  restartPolicy: z.literal('Never', 'expected Never: a Job starts pods anew, not containers'),
  containers: z
    .array(
      z.strictObject({
        ...containerShape,
        resources: z.strictObject({ requests: z.strictObject({ cpu: z.string().optional() }).optional() }).optional(),
      }),
    )
    .length(1, 'expected one container'),
});

/** `JobSink` of `sinks.knative.dev/v1alpha1`. */
export const jobSinkSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('JobSink'),
  metadata: metadataOf({}),
  spec: z.strictObject({
    job: z.strictObject({
      metadata: z.strictObject({ labels: stringMapSchema.optional() }).optional(),
      spec: z.strictObject({
        backoffLimit: z.int().min(0).optional(),
        activeDeadlineSeconds: z.int().min(1).optional(),
        podFailurePolicy: z
          .strictObject({ rules: z.array(z.discriminatedUnion('action', [exitCodeRule, ignoredRule])) })
          .optional(),
        template: z.strictObject({ spec: podSchema }),
      }),
    }),
  }),
});

export type JobSinkManifest = z.infer<typeof jobSinkSchema>;
