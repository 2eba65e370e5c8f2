import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import type { RandomGenerator } from 'pure-rand/types/RandomGenerator';

/** What randomness is used for. Each has a stretch of its own of the seed's sequence, 2^64 draws away from the next. */
const PURPOSES = ['weights', 'order', 'train', 'validation', 'test'] as const;
export type Purpose = (typeof PURPOSES)[number];

/**
 * The random stream of a seed for one purpose: the same on every machine, and independent of the other purposes,
 * so that no size, model or engine changes what another draws.
 */
export function streamOf(seed: number, purpose: Purpose): RandomGenerator {
  const generator = xoroshiro128plus(seed);
  // One jump more than the index: neighbouring seeds start alike and differ only after it.
  for (let jumps = PURPOSES.indexOf(purpose); jumps >= 0; jumps--) generator.jump();
  return generator;
}

/**
 * A draw from (0, 1) that float32 holds exactly: an odd multiple of 2^-24, from the upper bits as the lowest are this
 * generator's weakest. It is never 0.5, which languages round differently.
 */
export function uniform(stream: RandomGenerator): number {
  return ((stream.next() >>> 9) * 2 + 1) * 2 ** -24;
}
