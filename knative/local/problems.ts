import { XorflowError } from '../../events/errors.ts';

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
