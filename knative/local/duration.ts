import { XorflowError } from '../../events/errors.ts';

const DURATION =
  /^P(?=.)(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?=.)(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/;
const MILLISECONDS = [604_800_000, 86_400_000, 3_600_000, 60_000, 1000] as const;

/**
 * An ISO 8601 duration (`PT0.2S`, `PT10M`) in milliseconds. Years and months have no fixed length and are refused.
 * @throws XorflowError `INVALID_MANIFEST`, naming `place`.
 */
export function toMilliseconds(duration: string, place: string): number {
  const parts = DURATION.exec(duration);
  if (parts === null) {
    const message = `Invalid duration ${JSON.stringify(duration)} at ${place}: expected ISO 8601 such as PT0.2S`;
    throw new XorflowError('INVALID_MANIFEST', message);
  }
  return MILLISECONDS.reduce((sum, unit, index) => sum + unit * Number(parts[index + 1] ?? 0), 0);
}
