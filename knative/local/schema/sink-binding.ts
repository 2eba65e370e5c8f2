import { z } from 'zod';
import { destinationSchema, metadataOf, stringMapSchema } from './parts.ts';

export const sinkBindingSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('SinkBinding'),
  metadata: metadataOf({}),
  spec: z.strictObject({
    subject: z
      .strictObject({
        apiVersion: z.literal('serving.knative.dev/v1'),
        kind: z.literal('Service'),
        name: z.string().optional(),
        namespace: z.string().optional(),
        selector: z.strictObject({ matchLabels: stringMapSchema }).optional(),
      })
      .refine(({ name, selector }) => (name === undefined) !== (selector === undefined), 'expected name or selector'),
    sink: destinationSchema,
    ceOverrides: z.strictObject({ extensions: stringMapSchema.optional() }).optional(),
  }),
});

export type SinkBindingManifest = z.infer<typeof sinkBindingSchema>;
