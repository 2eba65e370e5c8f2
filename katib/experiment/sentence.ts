import { quoteValue } from '../../events/issues.ts';

/** What is wrong with a value as one sentence: value, place and rule. */
export function wrongValue(value: unknown, path: string, rule: string): string {
  return `Wrong value ${quoteValue(value)} at ${path}: expected ${rule}`;
}

/** That nothing stands where something has to. */
export function missingValue(path: string, rule: string): string {
  return `Missing value at ${path}: expected ${rule}`;
}
