import { z } from 'zod';
import { containerShape } from './container.ts';
import { metadataOf } from './parts.ts';

const MAX_TIMEOUT_SECONDS = 600;

const containerSchema = z.strictObject({
  ...containerShape,
  readinessProbe: z
    .strictObject({
      httpGet: z.strictObject({ path: z.string().startsWith('/') }).optional(),
      tcpSocket: z.strictObject({}).optional(),
    })
    .optional(),
});

const seconds = z.int().min(0).max(MAX_TIMEOUT_SECONDS);

const revisionSchema = z
  .strictObject({
    containerConcurrency: z.int().min(0).max(1000).optional(),
    timeoutSeconds: seconds.optional(),
    responseStartTimeoutSeconds: seconds.optional(),
    containers: z.array(containerSchema).length(1, 'expected one container'),
  })
  .superRefine(({ timeoutSeconds = 300, responseStartTimeoutSeconds: start = 0 }, context) => {
    const limit = timeoutSeconds || 300;
    if (start <= limit) return;
    context.addIssue({
      code: 'custom',
      input: start,
      path: ['responseStartTimeoutSeconds'],
      message: `expected at most timeoutSeconds, ${limit}`,
    });
  });

/** `Service` of `serving.knative.dev/v1`. */
export const serviceSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('Service'),
  metadata: metadataOf({}),
  spec: z.strictObject({
    template: z.strictObject({
      metadata: z.strictObject({ annotations: z.strictObject({}).optional() }).optional(),
      spec: revisionSchema,
    }),
  }),
});

export type ServiceManifest = z.infer<typeof serviceSchema>;
