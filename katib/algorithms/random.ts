import { createHash } from 'node:crypto';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

/** A stream of random numbers. */
export interface Random {
  /** From (0, 1), never an end, in steps of 2^-53. */
  uniform(): number;
  /** From 0 to `count` - 1. */
  integer(count: number): number;
  /** Standard normal. */
  normal(): number;
}

/**
 * The stream of a seed and whatever else tells streams apart, such as the index of a suggestion: one that is asked for
 * again, by a process that knows nothing of the first one, is the same.
 */
export function randomOf(seed: number, ...parts: readonly (string | number)[]): Random {
  const hash = createHash('sha256')
    .update(JSON.stringify([seed, ...parts]))
    .digest();
  const generator = xoroshiro128plusFromState([0, 4, 8, 12].map((at) => hash.readInt32LE(at)));
  const bits = () => generator.next() >>> 0;
  let spare: number | undefined;
  const uniform = () => ((bits() >>> 6) * 2 ** 27 + (bits() >>> 5) + 0.5) / 2 ** 53;
  return {
    uniform,
    integer: (count) => Math.floor(uniform() * count),
    normal() {
      if (spare !== undefined) {
        const value = spare;
        spare = undefined;
        return value;
      }
      // Box and Muller's transform gives two at once.
      const radius = Math.sqrt(-2 * Math.log(uniform()));
      const angle = 2 * Math.PI * uniform();
      spare = radius * Math.sin(angle);
      return radius * Math.cos(angle);
    },
  };
}
