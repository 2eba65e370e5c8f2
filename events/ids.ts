import { createHash, hash } from 'node:crypto';
import { z } from 'zod';

const EXPERIMENT_ID = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;

/** Ids stand in URLs, file names, metric lines and Kubernetes labels: what a label value allows. */
export const experimentIdSchema = z
  .string()
  .regex(
    EXPERIMENT_ID,
    'expected 1 to 63 letters, digits, ".", "_" or "-", beginning and ending with a letter or digit',
  );

/** What names an event: unique together, and what every deduplication compares (CloudEvents 1.0). */
export interface EventKey {
  readonly source: string;
  readonly id: string;
}

/** 32 hex digits that depend on the parts alone, and differ when any boundary between them moves. */
export function derive(...parts: readonly (string | number)[]): string {
  const framed = parts.map(String).map((text) => `${text.length}:${text}`);
  return hash('sha256', framed.join('')).slice(0, 32);
}

/** The key under which a log keeps an event once. */
export function keyOf(event: EventKey): string {
  return derive(event.source, event.id);
}

/** What Knative's JobSink calls the Job of an event by, in the label `sinks.knative.dev/job-sink-id`: source and id have no border. */
export function jobIdOf(event: EventKey): string {
  return createHash('md5').update(event.source).update(event.id).digest('hex');
}

/** The experiment's id where its request names none: derived, so that a redelivered request starts nothing twice. */
export function experimentIdOf(request: EventKey & { readonly subject?: string | undefined }): string {
  return request.subject ?? `xor-${derive(request.source, request.id).slice(0, 12)}`;
}
