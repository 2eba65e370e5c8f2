/** Of this many observations, the newest, none weighs less than another. */
const REMEMBERED = 25;

/** More good trials than this are not told from the others. */
const MOST_BELOW = 25;

/** The good observations and all others, each in the order in which they came. */
export interface Split<T> {
  readonly below: readonly T[];
  readonly above: readonly T[];
}

/** The `count` (25 at most) observations of the least loss, and the others; of equal ones the first is the better. */
export function splitByLoss<T extends { readonly loss: number }>(observed: readonly T[], count: number): Split<T> {
  const best = new Set(observed.toSorted((a, b) => a.loss - b.loss).slice(0, Math.min(count, MOST_BELOW)));
  return { below: observed.filter((one) => best.has(one)), above: observed.filter((one) => !best.has(one)) };
}

/** Linear forgetting: what observations weigh, from the oldest on. */
export function forgettingWeights(count: number): readonly number[] {
  const ramp = count - REMEMBERED;
  return Array.from({ length: count }, (_, i) => {
    if (count < REMEMBERED || i >= ramp) return 1;
    return ramp === 1 ? 1 / count : 1 / count + (i / (ramp - 1)) * (1 - 1 / count);
  });
}
