import { createHash } from 'node:crypto';
import { z } from 'zod';

const DIGEST = /^sha256:[0-9a-f]{64}$/;

export const digestSchema = z.string().regex(DIGEST, 'expected sha256: and 64 lower-case hex digits');

/** Names an artifact, as an OCI descriptor does: the bytes travel in the store, never in an event. */
export const descriptorSchema = z
  .strictObject({
    digest: digestSchema,
    mediaType: z.string().min(1).max(127),
    size: z.int().min(0).describe('bytes'),
    name: z.string().min(1).max(128).describe('a file name for people'),
  })
  .meta({ id: 'Descriptor' });

export type Descriptor = z.infer<typeof descriptorSchema>;

/** `sha256:<hex>` of the bytes. */
export function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

/** The media types that the project writes. */
export const MEDIA = {
  arrow: 'application/vnd.apache.arrow.file',
  json: 'application/json',
  layersModel: 'application/vnd.tensorflow.layers-model+json',
  weights: 'application/octet-stream',
  png: 'image/png',
  html: 'text/html; charset=utf-8',
  vegaLite: 'application/vnd.vegalite.v6+json',
} as const;
