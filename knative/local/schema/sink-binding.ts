import { z } from 'zod';
import { destinationSchema, metadataOf, stringMapSchema } from './parts.ts';

const selector = z.strictObject({ matchLabels: stringMapSchema });

const serviceSubject = z
  .strictObject({
    apiVersion: z.literal('serving.knative.dev/v1'),
    kind: z.literal('Service'),
    name: z.string().optional(),
    namespace: z.string().optional(),
    selector: selector.optional(),
  })
  .refine(({ name, selector: by }) => (name === undefined) !== (by === undefined), 'expected name or selector');

/** The Jobs of a JobSink have names that nobody knows before. */
const jobSubject = z.strictObject({
  apiVersion: z.literal('batch/v1'),
  kind: z.literal('Job'),
  namespace: z.string().optional(),
  selector,
});

export const sinkBindingSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('SinkBinding'),
  metadata: metadataOf({}),
  spec: z.strictObject({
    subject: z.discriminatedUnion('kind', [serviceSubject, jobSubject]),
    sink: destinationSchema,
    ceOverrides: z.strictObject({ extensions: stringMapSchema.optional() }).optional(),
  }),
});

export type SinkBindingManifest = z.infer<typeof sinkBindingSchema>;
