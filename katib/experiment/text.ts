import { z } from 'zod';

/** What YAML makes of `0.1` or `true` without quotes is no text, and Katib's API refuses it with less to go by. */
export const textSchema = z.string({
  error: ({ input }) =>
    typeof input === 'number' || typeof input === 'boolean'
      ? `expected a string such as ${JSON.stringify(String(input))}`
      : 'expected a string',
});

/** A text that has at least one character. */
export const nameSchema = textSchema.min(1, 'expected at least one character');

export const textMapSchema = z.record(z.string(), textSchema);

/** An integer from `min` on. @param why follows the rule in the sentence */
export function integerSchema(min: number, why = '') {
  const error = `expected an integer from ${min}${why}`;
  return z.int({ error }).min(min, { error });
}
