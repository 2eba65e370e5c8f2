import { METRICS } from '../../events/search.ts';

/** Of lines with none of these, Katib's collector reads nothing. */
const READ = ['epoch', ...METRICS];

/**
 * A text as one line that Katib's collector reads no metric in: it takes standard error for a part of the metrics, and
 * with early stopping it dies of a `key=` without a number.
 */
export function harmless(text: string): string {
  const line = text.replace(/[\s\p{C}]+/gu, ' ').trim();
  return READ.some((name) => line.includes(name)) ? line.replace(/\s*=+\s*/g, ': ') : line;
}
