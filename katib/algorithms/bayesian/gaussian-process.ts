import { factorize, solveLower, solveUpper } from './cholesky.ts';

/** Of the kernel: the function's variance, its length scale along each coordinate, and the variance of the noise. */
export interface Hyperparameters {
  readonly amplitude: number;
  readonly lengths: readonly number[];
  readonly noise: number;
}

/** What a Gaussian process says of a point. */
export interface Prediction {
  readonly mean: number;
  readonly deviation: number;
}

/** A Gaussian process that knows some values. */
export interface Posterior {
  predict(point: Float64Array): Prediction;
}

const ROOT5 = Math.sqrt(5);

/** Matérn's kernel of smoothness 5/2 for a squared distance in length scales, of amplitude 1. */
export function matern(squared: number): number {
  const distance = ROOT5 * Math.sqrt(squared);
  return (1 + distance + distance ** 2 / 3) * Math.exp(-distance);
}

/** The squared distance of two points in length scales. */
function squaredDistance(a: Float64Array, b: Float64Array, rates: Float64Array): number {
  let sum = 0;
  for (let d = 0; d < rates.length; d++) {
    const step = ((a[d] as number) - (b[d] as number)) * (rates[d] as number);
    sum += step * step;
  }
  return sum;
}

/**
 * The process of mean 0 after it saw `values` at `points`; its predictions are of the function without noise.
 *
 * @returns undefined where the kernel's matrix is numerically singular
 */
export function posteriorOf(
  points: readonly Float64Array[],
  values: Float64Array,
  { amplitude, lengths, noise }: Hyperparameters,
): Posterior | undefined {
  const size = points.length;
  const rates = Float64Array.from(lengths, (length) => 1 / length);
  const matrix = new Float64Array(size * size);
  points.forEach((point, i) => {
    for (let j = 0; j < i; j++)
      matrix[i * size + j] = amplitude * matern(squaredDistance(point, points[j] as Float64Array, rates));
    matrix[i * size + i] = amplitude + noise;
  });
  const lower = factorize(matrix, size);
  if (!lower) return undefined;
  const weights = solveUpper(lower, size, solveLower(lower, size, values));
  const near = new Float64Array(size);
  return {
    predict(point) {
      let mean = 0;
      for (let i = 0; i < size; i++) {
        near[i] = amplitude * matern(squaredDistance(point, points[i] as Float64Array, rates));
        mean += (near[i] as number) * (weights[i] as number);
      }
      const known = solveLower(lower, size, near);
      let variance = amplitude;
      for (let i = 0; i < size; i++) variance -= (known[i] as number) ** 2;
      return { mean, deviation: Math.sqrt(Math.max(0, variance)) };
    },
  };
}
