import { z } from 'zod';
import { destinationSchema, metadataOf, stringMapSchema } from './parts.ts';

/** `ApiServerSource` of `sources.knative.dev/v1`, of the one kind of object that there is on one machine: Jobs. */
export const apiServerSourceSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('ApiServerSource'),
  metadata: metadataOf({}),
  spec: z.strictObject({
    mode: z.literal('Resource', 'expected Resource: a reference leads nowhere without an API server'),
    resources: z
      .array(
        z.strictObject({
          apiVersion: z.literal('batch/v1'),
          kind: z.literal('Job', 'expected Job, the one kind whose changes are known on one machine'),
          selector: z.strictObject({ matchLabels: stringMapSchema }).optional(),
        }),
      )
      .min(1),
    sink: destinationSchema,
  }),
});

export type ApiServerSourceManifest = z.infer<typeof apiServerSourceSchema>;
