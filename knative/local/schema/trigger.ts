import { z } from 'zod';
import { toError } from '../../../events/errors.ts';
import { compileFilter } from '../filter.ts';
import { deliverySchema, destinationSchema, metadataOf, nameSchema } from './parts.ts';

const ATTRIBUTE = /^[a-z][a-z0-9]*$/;

const attributesSchema = z
  .record(z.string(), z.string('expected a string: quote numbers and booleans'))
  .superRefine((attributes, context) => {
    for (const name of Object.keys(attributes)) {
      if (ATTRIBUTE.test(name)) continue;
      context.addIssue({
        code: 'custom',
        input: attributes[name],
        path: [name],
        message: 'expected an attribute name of letters a-z and digits, a letter first',
      });
    }
  });

const filtersSchema = z.array(z.unknown(), 'expected a list').superRefine((filters, context) => {
  try {
    compileFilter({ filters }, 'spec');
  } catch (error) {
    context.addIssue({ code: 'custom', input: filters, message: toError(error).message });
  }
});

export const triggerSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('Trigger'),
  metadata: metadataOf({ 'kafka.eventing.knative.dev/delivery.order': z.literal('unordered').optional() }),
  spec: z.strictObject({
    broker: nameSchema,
    filter: z.strictObject({ attributes: attributesSchema.optional() }).optional(),
    filters: filtersSchema.optional(),
    subscriber: destinationSchema,
    delivery: deliverySchema.optional(),
  }),
});

export type TriggerManifest = z.infer<typeof triggerSchema>;
