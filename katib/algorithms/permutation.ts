import { createHash } from 'node:crypto';

/** Enough that neighbours end up anywhere, however few bits a half has. */
const ROUNDS = 8;

/**
 * Where a seeded shuffle of 0 … `count` - 1 puts a number, without the shuffle: a Feistel network over the next even number
 * of bits, walked along until it is back below `count` (which it is after 4 steps on average, at most).
 */
export function permute(index: bigint, count: bigint, seed: number): bigint {
  const half = BigInt(Math.max(1, Math.ceil((count - 1n).toString(2).length / 2)));
  const mask = (1n << half) - 1n;
  const mix = (round: number, value: bigint) => {
    const hash = createHash('sha256').update(`${seed} ${count} ${round} ${value}`).digest('hex');
    return BigInt(`0x${hash}`) & mask;
  };
  let value = index;
  do {
    let left = value >> half;
    let right = value & mask;
    for (let round = 0; round < ROUNDS; round++) [left, right] = [right, left ^ mix(round, right)];
    value = (left << half) | right;
  } while (value >= count);
  return value;
}
