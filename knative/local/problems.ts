import { z } from 'zod';
import { XorflowError } from '../../events/errors.ts';
import { sentenceOf } from '../../events/issues.ts';

/** What is wrong with manifests, all of it at once: whoever mends them should not have to start again for each. */
export class Problems {
  readonly #lines: string[] = [];

  /** @param place `file:line` */
  add(place: string, sentence: string): void {
    this.#lines.push(`${place}: ${sentence}`);
  }

  /** @throws XorflowError `INVALID_MANIFEST` with a line for each problem, if there is any */
  throwIfAny(): void {
    if (this.#lines.length > 0) throw new XorflowError('INVALID_MANIFEST', this.#lines.join('\n'));
  }
}

/** The sentences for a failed parse, each with the path that it is about. */
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
