import { factorize, inverseOf, solveLower, solveUpper } from './cholesky.ts';
import { type Hyperparameters, matern } from './gaussian-process.ts';
import { type Differentiable, minimize } from './minimize.ts';

/** Of the logarithms, in the order amplitude, lengths, noise: scikit-optimize's, but for less noise. */
const AMPLITUDE = [Math.log(1e-2), Math.log(1e3)] as const;
const LENGTH = [Math.log(1e-2), Math.log(1e2)] as const;
const NOISE = [Math.log(1e-6), Math.log(1)] as const;

/** Where the fit starts from; the best two are followed. */
const STARTS = [1, 0.5, 0.2, 0.1].flatMap((length) => [1e-4, 1e-2, 0.3].map((noise) => ({ length, noise })));
const FOLLOWED = 2;
const ITERATIONS = 15;

/**
 * The logarithm of the probability of values under a Gaussian process of mean 0 with Matérn's kernel 5/2, negated, of the
 * logarithms of its hyperparameters; infinite where the kernel's matrix is numerically singular.
 *
 * @see http://gaussianprocess.org/gpml/chapters/RW5.pdf equations 5.8 and 5.9
 */
export function makeLikelihood(points: readonly Float64Array[], values: Float64Array) {
  const size = points.length;
  const dimensions = points[0]?.length ?? 0;
  const pairs = (size * (size - 1)) / 2;
  // Squared differences of each pair of points, along each coordinate.
  const squares = Array.from({ length: dimensions }, (_, d) => {
    const column = new Float64Array(pairs);
    let at = 0;
    for (let i = 0; i < size; i++)
      for (let j = 0; j < i; j++) column[at++] = ((points[i]?.[d] ?? 0) - (points[j]?.[d] ?? 0)) ** 2;
    return column;
  });

  function prepare(logarithms: readonly number[]) {
    const { amplitude, lengths, noise } = fromLogarithms(logarithms);
    const distances = new Float64Array(pairs);
    squares.forEach((column, d) => {
      const rate = 1 / (lengths[d] ?? 1) ** 2;
      for (let at = 0; at < pairs; at++) distances[at] = (distances[at] as number) + (column[at] as number) * rate;
    });
    const matrix = new Float64Array(size * size);
    let at = 0;
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < i; j++) matrix[i * size + j] = amplitude * matern(distances[at++] as number);
      matrix[i * size + i] = amplitude + noise;
    }
    const lower = factorize(matrix, size);
    if (!lower) return undefined;
    const weights = solveUpper(lower, size, solveLower(lower, size, values));
    let value = (size / 2) * Math.log(2 * Math.PI);
    for (let i = 0; i < size; i++)
      value += Math.log(lower[i * size + i] as number) + 0.5 * (values[i] as number) * (weights[i] as number);
    return { value, lower, weights, matrix, distances, amplitude, lengths, noise };
  }

  const valueAt = (logarithms: readonly number[]) => prepare(logarithms)?.value ?? Number.POSITIVE_INFINITY;

  const differentiable: Differentiable = (logarithms) => {
    const at = prepare(logarithms);
    if (!at) return { value: Number.POSITIVE_INFINITY, gradient: logarithms.map(() => 0) };
    const { lower, weights, matrix, distances, amplitude, lengths, noise } = at;
    const inverse = inverseOf(lower, size);
    let byAmplitude = 0;
    let byNoise = 0;
    const byLength = new Float64Array(dimensions);
    let pair = 0;
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < i; j++) {
        // Twice, for the other triangle, times the half of the formula.
        const share = (weights[i] as number) * (weights[j] as number) - (inverse[i * size + j] as number);
        byAmplitude += share * (matrix[i * size + j] as number);
        const distance = Math.sqrt(5 * (distances[pair] as number));
        const slope = share * amplitude * (5 / 3) * (1 + distance) * Math.exp(-distance);
        for (let d = 0; d < dimensions; d++)
          byLength[d] = (byLength[d] as number) + slope * ((squares[d] as Float64Array)[pair] as number);
        pair++;
      }
      const share = 0.5 * ((weights[i] as number) ** 2 - (inverse[i * size + i] as number));
      byAmplitude += share * amplitude;
      byNoise += share * noise;
    }
    const lengthwise = lengths.map((length, d) => -(byLength[d] as number) / length ** 2);
    return { value: at.value, gradient: [-byAmplitude, ...lengthwise, -byNoise] };
  };
  return { valueAt, differentiable };
}

/** The hyperparameters that make the values the most likely, by gradient from the best of a few starts. */
export function fit(points: readonly Float64Array[], values: Float64Array): Hyperparameters {
  const { valueAt, differentiable } = makeLikelihood(points, values);
  const dimensions = points[0]?.length ?? 0;
  const bounds = [AMPLITUDE, ...Array.from({ length: dimensions }, () => LENGTH), NOISE];
  const [best] = STARTS.map(({ length, noise }) => {
    const at = toLogarithms({ amplitude: 1, lengths: Array.from({ length: dimensions }, () => length), noise });
    return { at, value: valueAt(at) };
  })
    .sort((a, b) => a.value - b.value)
    .slice(0, FOLLOWED)
    .map(({ at }) => minimize(differentiable, at, bounds, ITERATIONS))
    .sort((a, b) => a.value - b.value);
  return fromLogarithms(best?.at ?? []);
}

function toLogarithms({ amplitude, lengths, noise }: Hyperparameters): readonly number[] {
  return [amplitude, ...lengths, noise].map(Math.log);
}

function fromLogarithms(logarithms: readonly number[]): Hyperparameters {
  const values = logarithms.map(Math.exp);
  return { amplitude: values[0] ?? 1, lengths: values.slice(1, -1), noise: values.at(-1) ?? 0 };
}
