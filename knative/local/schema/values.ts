import { z } from 'zod';
import { metadataOf, stringMapSchema } from './parts.ts';

export const namespaceSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('Namespace'),
  metadata: metadataOf({}),
});

/** Read as environment variables only. */
export const configMapSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('ConfigMap'),
  metadata: metadataOf({}),
  data: stringMapSchema.optional(),
});

/** Read as environment variables only. */
export const secretSchema = z.strictObject({
  apiVersion: z.string(),
  kind: z.literal('Secret'),
  metadata: metadataOf({}),
  type: z.literal('Opaque').optional(),
  data: z.record(z.string(), z.base64('expected base64')).optional(),
  stringData: stringMapSchema.optional(),
});

export type NamespaceManifest = z.infer<typeof namespaceSchema>;
export type ConfigMapManifest = z.infer<typeof configMapSchema>;
export type SecretManifest = z.infer<typeof secretSchema>;
