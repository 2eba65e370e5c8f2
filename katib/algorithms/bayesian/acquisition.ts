import type { Prediction } from './gaussian-process.ts';

/** How much a point is worth trying, the smaller the better, of what is known of it and the smallest value so far. */
export type Acquisition = (prediction: Prediction, best: number) => number;

/** By how many standard deviations LCB hopes. */
const KAPPA = 1.96;
/** What an improvement is at least, in standard deviations of the values. */
const XI = 0.01;

/** Lower confidence bound, expected improvement, probability of improvement. */
export const ACQUISITIONS = {
  EI: ({ mean, deviation }, best) => {
    const improvement = best - XI - mean;
    if (deviation === 0) return -Math.max(0, improvement);
    const scaled = improvement / deviation;
    return -(improvement * normalBelow(scaled) + deviation * normalDensity(scaled));
  },
  LCB: ({ mean, deviation }) => mean - KAPPA * deviation,
  PI: ({ mean, deviation }, best) => {
    const improvement = best - XI - mean;
    if (deviation === 0) return improvement > 0 ? -1 : 0;
    return -normalBelow(improvement / deviation);
  },
} as const satisfies Record<string, Acquisition>;
export type AcquisitionName = keyof typeof ACQUISITIONS;

function normalDensity(z: number): number {
  return Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);
}

/**
 * The probability that a standard normal variable is below `z`.
 *
 * @see https://www.jstatsoft.org/article/view/v011i04 for the series
 */
export function normalBelow(z: number): number {
  if (Math.abs(z) > 5) {
    // Laplace's continued fraction of the tail, from its end.
    let fraction = 0;
    for (let k = 40; k > 0; k--) fraction = k / (Math.abs(z) + fraction);
    const tail = normalDensity(z) / (Math.abs(z) + fraction);
    return z < 0 ? tail : 1 - tail;
  }
  let term = z;
  let sum = z;
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
    term *= (z * z) / k;
    sum += term;
  }
  return 0.5 + sum * normalDensity(z);
}
