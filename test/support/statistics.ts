/** The logarithm of the gamma function at half of a positive integer, by its recurrence. */
function logGammaOfHalf(twice: number): number {
  let sum = twice % 2 === 0 ? 0 : Math.log(Math.PI) / 2;
  for (let k = twice - 2; k > 0; k -= 2) sum += Math.log(k / 2);
  return sum;
}

/** The probability that a variable with the chi-squared distribution is above a value. */
export function chiSquaredTail(value: number, freedom: number): number {
  // The series of the lower incomplete gamma function; all its terms are positive.
  const a = freedom / 2;
  const x = value / 2;
  if (x <= 0) return 1;
  let term = 1 / a;
  let sum = term;
  for (let n = 1; term > sum * 1e-16; n++) {
    term *= x / (a + n);
    sum += term;
  }
  return Math.max(0, 1 - sum * Math.exp(a * Math.log(x) - x - logGammaOfHalf(freedom)));
}

/** How likely counts this far from the expected shares are, by Pearson's test. */
export function shareTest(counts: readonly number[], shares: readonly number[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0);
  const statistic = counts.reduce((sum, count, i) => {
    const expected = total * (shares[i] ?? 0);
    return sum + (count - expected) ** 2 / expected;
  }, 0);
  return chiSquaredTail(statistic, counts.length - 1);
}

/** How likely two rows of counts this different are where both are drawn alike; what neither has counts for nothing. */
export function sameSharesTest(a: readonly number[], b: readonly number[]): number {
  const used = a.map((count, i) => [count, b[i] ?? 0] as const).filter(([one, other]) => one + other > 0);
  const totals = [0, 1].map((row) => used.reduce((sum, pair) => sum + (pair[row] ?? 0), 0));
  const all = (totals[0] ?? 0) + (totals[1] ?? 0);
  const statistic = used.reduce((sum, pair) => {
    const column = pair[0] + pair[1];
    return (
      sum +
      pair.reduce((part, count, row) => {
        const expected = (column * (totals[row] ?? 0)) / all;
        return part + (count - expected) ** 2 / expected;
      }, 0)
    );
  }, 0);
  return chiSquaredTail(statistic, used.length - 1);
}

/** Kolmogorov's limit distribution, with Stephens' correction for finite samples. */
function kolmogorovTail(distance: number, size: number): number {
  const root = Math.sqrt(size);
  const x = (root + 0.12 + 0.11 / root) * distance;
  if (x < 0.3) return 1;
  let sum = 0;
  for (let k = 1; k <= 100; k++) sum += (k % 2 === 1 ? 2 : -2) * Math.exp(-2 * k * k * x * x);
  return Math.min(1, Math.max(0, sum));
}

/** How likely a sample this far from a continuous distribution is, by Kolmogorov and Smirnov's test. */
export function distributionTest(sample: readonly number[], probabilityBelow: (x: number) => number): number {
  const sorted = sample.toSorted((a, b) => a - b);
  const distance = sorted.reduce((largest, x, i) => {
    const expected = probabilityBelow(x);
    return Math.max(largest, expected - i / sorted.length, (i + 1) / sorted.length - expected);
  }, 0);
  return kolmogorovTail(distance, sorted.length);
}

/** How likely two samples this different are where both are drawn alike, by the same test. */
export function sameDistributionTest(a: readonly number[], b: readonly number[]): number {
  const shareBelow = (sorted: readonly number[], x: number) =>
    sorted.filter((value) => value <= x).length / sorted.length;
  const distance = Math.max(...[...a, ...b].map((x) => Math.abs(shareBelow(a, x) - shareBelow(b, x))));
  return kolmogorovTail(distance, (a.length * b.length) / (a.length + b.length));
}

/** How likely values of `a` this much below those of `b` are where both are drawn alike, by Mann and Whitney's test. */
export function lessTest(a: readonly number[], b: readonly number[]): number {
  const wins = a.reduce((sum, x) => sum + b.reduce((part, y) => part + (x < y ? 1 : x === y ? 0.5 : 0), 0), 0);
  const pairs = a.length * b.length;
  const z = (wins - pairs / 2) / Math.sqrt((pairs * (a.length + b.length + 1)) / 12);
  // One side of a normal variable is half of the chi-squared one with one degree of freedom.
  const half = chiSquaredTail(z * z, 1) / 2;
  return z > 0 ? half : 1 - half;
}

/** The middle one of an odd number of values. */
export function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
