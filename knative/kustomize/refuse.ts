import { relative } from 'node:path';
import { XorflowError } from '../../events/errors.ts';

/** What is wrong in a file of manifests, as one sentence that begins with its place. */
export function refuse(file: string, sentence: string, options?: ErrorOptions): XorflowError {
  return new XorflowError('INVALID_MANIFEST', `${shown(file)}: ${sentence}`, options);
}

/** A path as people know it: from the working folder, if it is below that. */
function shown(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith('..') || short === '' ? path : short;
}
