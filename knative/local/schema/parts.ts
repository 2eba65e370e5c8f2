import { z } from 'zod';
import { toError } from '../../../events/errors.ts';
import { toMilliseconds } from '../duration.ts';

const DNS_LABEL = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;

export const nameSchema = z
  .string()
  .regex(DNS_LABEL, 'expected 1 to 63 lower-case letters, digits or -, beginning with a letter');

export const stringMapSchema = z.record(z.string(), z.string('expected a string: quote numbers and booleans'));

/** `metadata` with the annotations that the kind honours. */
export function metadataOf<A extends z.ZodRawShape>(annotations: A) {
  return z.strictObject({
    name: nameSchema,
    namespace: z.string().optional(),
    labels: stringMapSchema.optional(),
    annotations: z.strictObject(annotations).optional(),
  });
}

const refSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.string(),
  name: z.string(),
  namespace: z.string().optional(),
});

/** Where events go: an object of the set, a URL, or a path relative to the object's. */
export const destinationSchema = z
  .strictObject({ ref: refSchema.optional(), uri: z.string().min(1).optional() })
  .refine(({ ref, uri }) => ref !== undefined || uri !== undefined, 'expected ref or uri');

export type Destination = z.infer<typeof destinationSchema>;

function duration(allowZero: boolean) {
  return z.string().superRefine((text, context) => {
    try {
      if (toMilliseconds(text, 'it') > 0 || allowZero) return;
      context.addIssue({ code: 'custom', input: text, message: 'expected a duration of more than zero' });
    } catch (error) {
      const rule = toError(error).message.split('expected ').at(-1);
      context.addIssue({ code: 'custom', input: text, message: `expected ${rule}` });
    }
  });
}

/** `spec.delivery` of a Broker or a Trigger. */
export const deliverySchema = z.strictObject({
  retry: z.int().min(0).optional(),
  backoffPolicy: z.enum(['linear', 'exponential']).optional(),
  backoffDelay: duration(true).optional(),
  timeout: duration(false).optional(),
  deadLetterSink: destinationSchema.optional(),
  format: z.enum(['json', 'binary']).optional(),
});

export type Delivery = z.infer<typeof deliverySchema>;
