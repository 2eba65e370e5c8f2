import { z } from 'zod';
import { quoteValue, sentenceOf } from '../events/issues.ts';
import { specSchema } from '../events/spec.ts';

/** The option that has put a value at a path of the spec. */
type Origins = ReadonlyMap<string, string>;

/**
 * The schema's sentence, with the option in the place of the path where an option put the value there.
 *
 * @param file where all other values come from
 */
export function explain(error: z.ZodError, input: unknown, origins: Origins, file?: string): string {
  const issues = error.issues.filter(isFirst(input, origins));
  const sentence = sentenceOf(new z.ZodError(issues), input, specSchema);
  const path = issues[0]?.path ?? [];
  const option = originOf(path, origins);
  if (option) {
    const place = ` at ${path.map(String).join('.')}`;
    const at = sentence.lastIndexOf(place);
    if (at === -1) return sentence;
    const rule = sentence.slice(at + place.length).replace(/models\.\d+\.name/g, (other) => {
      const another = other.split('.');
      return `${quoteValue(valueAt(input, another))} of another ${originOf(another, origins) ?? 'model'}`;
    });
    return `${sentence.slice(0, at)} at ${option}${rule}`;
  }
  return file === undefined ? sentence : `${sentence}, in ${file}`;
}

/** One wrong option is one mistake, in however many places of the spec its value stands. */
function isFirst(input: unknown, origins: Origins): (issue: z.core.$ZodIssue) => boolean {
  const seen = new Set<string>();
  return ({ path }) => {
    const option = originOf(path, origins);
    if (!option) return true;
    const mistake = `${option} ${JSON.stringify(valueAt(input, path))}`;
    return seen.size < seen.add(mistake).size;
  };
}

function originOf(path: readonly PropertyKey[], origins: Origins): string | undefined {
  for (let length = path.length; length > 0; length--) {
    const option = origins.get(path.slice(0, length).map(String).join('.'));
    if (option) return option;
  }
  return undefined;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((value, key) => (value as Record<PropertyKey, unknown> | null | undefined)?.[key], input);
}
