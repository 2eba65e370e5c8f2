import { parseDuration } from '../../events/duration.ts';
import { XorflowError } from '../../events/errors.ts';

/**
 * An ISO 8601 duration (`PT0.2S`, `PT10M`) in milliseconds. Years and months have no fixed length and are refused.
 * @throws XorflowError `INVALID_MANIFEST`, naming `place`.
 */
export function toMilliseconds(duration: string, place: string): number {
  const milliseconds = parseDuration(duration);
  if (milliseconds !== undefined) return milliseconds;
  const message = `Invalid duration ${JSON.stringify(duration)} at ${place}: expected ISO 8601 such as PT0.2S`;
  throw new XorflowError('INVALID_MANIFEST', message);
}
