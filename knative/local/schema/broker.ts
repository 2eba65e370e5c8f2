import { z } from 'zod';
import { deliverySchema, metadataOf } from './parts.ts';

export const brokerSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('Broker'),
  metadata: metadataOf({ 'messaging.knative.dev/async-handler': z.enum(['true', 'false']).optional() }),
  spec: z.strictObject({ delivery: deliverySchema.optional() }).optional(),
});

export type BrokerManifest = z.infer<typeof brokerSchema>;
