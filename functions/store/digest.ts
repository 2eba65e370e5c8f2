import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { digestOf, digestSchema } from '../../events/descriptor.ts';
import { RejectedError } from '../../events/errors.ts';

/** Bytes that are hashed without a pause: 4 ms or less. */
const SLICE = 4 * 2 ** 20;

/** The digest of bytes, with pauses in which other work goes on: a hundred megabytes take 60 ms and more. */
export async function digestCalmly(bytes: Uint8Array): Promise<string> {
  if (bytes.length <= SLICE) return digestOf(bytes);
  const hash = createHash('sha256');
  for (let from = 0; from < bytes.length; from += SLICE) {
    hash.update(bytes.subarray(from, from + SLICE));
    await setImmediate();
  }
  return `sha256:${hash.digest('hex')}`;
}

/** @throws RejectedError `NOT_FOUND` for what can name no artifact: it may become a path or a key */
export function assertDigest(digest: string): void {
  if (digestSchema.safeParse(digest).success) return;
  const given = JSON.stringify(digest.slice(0, 80));
  throw new RejectedError('NOT_FOUND', `Wrong digest ${given}: expected sha256: and 64 lower-case hex digits`);
}
