import type { Prior } from '../prior.ts';
import type { Random } from '../random.ts';
import { normalMass, pick } from './normal.ts';
import { forgettingWeights } from './split.ts';

/** A mixture of normal variables; the weights need not add up to 1. */
export interface Mixture {
  readonly weights: readonly number[];
  readonly means: readonly number[];
  readonly deviations: readonly number[];
}

/**
 * hyperopt's adaptive Parzen estimator: a kernel around every observation, as wide as the wider gap to its neighbours, of
 * which the prior's mean is one; and the prior.
 *
 * @param observations from the oldest on, in log space where the prior is
 */
export function parzenOf(observations: readonly number[], prior: Prior, priorWeight: number): Mixture {
  const weights = forgettingWeights(observations.length);
  const kernels = observations.map((mean, i) => ({ mean, weight: weights[i] ?? 1, isPrior: false }));
  kernels.sort((a, b) => a.mean - b.mean);
  const place = kernels.findIndex(({ mean }) => mean >= prior.mean);
  kernels.splice(place === -1 ? kernels.length : place, 0, { mean: prior.mean, weight: priorWeight, isPrior: true });
  const narrowest = prior.deviation / Math.min(100, 1 + kernels.length);
  const deviations = kernels.map(({ mean, isPrior }, i) => {
    if (isPrior) return prior.deviation;
    if (observations.length === 1) return prior.deviation / 2;
    // At an end there is only the gap inwards.
    const before = mean - (kernels[i - 1]?.mean ?? mean);
    const after = (kernels[i + 1]?.mean ?? mean) - mean;
    return Math.min(prior.deviation, Math.max(narrowest, before, after));
  });
  return { weights: kernels.map(({ weight }) => weight), means: kernels.map(({ mean }) => mean), deviations };
}

/** One draw, inside the bounds of the prior; one that is outside is drawn anew from any of the kernels. */
export function drawFrom({ weights, means, deviations }: Mixture, { low, high }: Prior, random: Random): number {
  for (;;) {
    const i = pick(random, weights);
    const drawn = (means[i] ?? 0) + (deviations[i] ?? 0) * random.normal();
    if (drawn >= low && drawn <= high) return drawn;
  }
}

/** The logarithm of the density at a point, up to a constant of the mixture. */
export function logDensity({ weights, means, deviations }: Mixture, at: number): number {
  let density = 0;
  let total = 0;
  for (let i = 0; i < weights.length; i++) {
    const deviation = deviations[i] ?? 1;
    const weight = weights[i] ?? 0;
    const distance = (at - (means[i] ?? 0)) / deviation;
    density += (weight / deviation) * Math.exp(-0.5 * distance * distance);
    total += weight;
  }
  return Math.log(density / total);
}

/** The logarithm of the probability to be between two points, up to a constant of the mixture. */
export function logMass({ weights, means, deviations }: Mixture, from: number, to: number): number {
  let mass = 0;
  let total = 0;
  for (let i = 0; i < weights.length; i++) {
    const mean = means[i] ?? 0;
    const deviation = deviations[i] ?? 1;
    const weight = weights[i] ?? 0;
    mass += weight * normalMass((from - mean) / deviation, (to - mean) / deviation);
    total += weight;
  }
  return Math.log(mass / total);
}
