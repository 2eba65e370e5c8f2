import { z } from 'zod';
import { sentenceOf } from './issues.ts';

/**
 * The sentences for a manifest that a local interpreter does not honour as a whole, each with the path that it is about:
 * a field that it does not know is not supported.
 */
export function sentencesOf(
  error: z.ZodError,
  data: unknown,
  schema: z.ZodType,
): { path: readonly PropertyKey[]; sentence: string }[] {
  return error.issues.flatMap((issue) => {
    const { path } = issue;
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => {
        const single = new z.ZodError([{ ...issue, keys: [key] }]);
        const meant = /did you mean [^ ]+\?/.exec(sentenceOf(single, data, schema))?.[0];
        const sentence = `${[...path, key].join('.')}: not supported locally${meant ? `; ${meant}` : ''}`;
        return { path: [...path, key], sentence };
      });
    }
    const isSentence = issue.code === 'custom' && !issue.message.startsWith('expected ');
    const sentence = isSentence ? issue.message : sentenceOf(new z.ZodError([issue]), data);
    return [{ path, sentence }];
  });
}
