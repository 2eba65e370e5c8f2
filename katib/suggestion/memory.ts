import { createHash } from 'node:crypto';
import { z } from 'zod';
import { XorflowError } from '../../events/errors.ts';
import { sentenceOf } from '../../events/issues.ts';
import type { Setting } from './wire.ts';

/**
 * The setting in which Katib remembers a search for us: settings of a reply are kept in the status of the Suggestion and
 * come with every later request, to whichever process. Labels do not: they end as metadata of the Trial.
 */
export const MEMORY = 'xorflow.dev/search';

const memorySchema = z.strictObject({
  /** Ends the names of the search's trials: Katib sends those of a namesake in another namespace along. */
  id: z.string().regex(/^[0-9a-f]{6}$/),
  /** How many were suggested by somebody else before the first reply. */
  before: z.int().min(0),
  /** The index of the next suggestion. It only grows, where Katib's own count falls with trials that it deletes. */
  next: z.int().min(0),
  /** How many suggestions were repeated to fill up a reply. */
  repeats: z.int().min(0),
  /** Of those suggestions that the algorithm labelled, by their index. */
  labels: z.record(z.string().regex(/^\d+$/), z.record(z.string(), z.string())),
});
export type Memory = z.infer<typeof memorySchema>;

/**
 * What is remembered of a search.
 *
 * @param before how many suggestions there were, for a search that is new here
 * @param salt of this process: a search that is made again under the same name has other trials
 * @throws XorflowError `INVALID_ARGUMENT` when somebody else wrote the setting
 */
export function recall(settings: readonly Setting[], experiment: string, before: number, salt: string): Memory {
  const text = settings.find(({ name }) => name === MEMORY)?.value;
  if (text === undefined) {
    const id = createHash('sha256')
      .update(JSON.stringify([salt, experiment]))
      .digest('hex')
      .slice(0, 6);
    return { id, before, next: before, repeats: 0, labels: {} };
  }
  const read = { [MEMORY]: jsonOf(text) };
  const parsed = z.object({ [MEMORY]: memorySchema }).safeParse(read);
  if (parsed.success) return parsed.data[MEMORY] as Memory;
  throw new XorflowError('INVALID_ARGUMENT', sentenceOf(parsed.error, read));
}

/** As a setting for Katib to keep. */
export function toSetting(memory: Memory): Setting {
  return { name: MEMORY, value: JSON.stringify(memory) };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
