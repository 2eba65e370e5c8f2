import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import type { Random } from '../random.ts';
import { type Rates, ratesOf } from './rates.ts';

const EPSILON = 1e-8;
const MAX_RESAMPLING = 100;
const MAX_DRIFT = 1e20;

/** A normal distribution in the unit cube that is bred towards smaller losses, and the paths that it took. */
export interface Evolution {
  readonly rates: Rates;
  /** Updates since its start. */
  readonly age: number;
  readonly sigma0: number;
  readonly sigma: number;
  readonly mean: readonly number[];
  readonly covariance: readonly (readonly number[])[];
  /** Columns are the covariance's axes, `lengths` the standard deviations along them. */
  readonly axes: readonly (readonly number[])[];
  readonly lengths: readonly number[];
  readonly pathSigma: readonly number[];
  readonly pathC: readonly number[];
  /** Smallest and largest loss of the latest generations. */
  readonly losses: readonly (readonly [number, number])[];
}

/** A point of the unit cube and what came of it. */
export interface Solution {
  readonly point: readonly number[];
  readonly loss: number;
}

/** A round distribution of standard deviation `sigma` about `mean`. */
export function startEvolution(mean: readonly number[], sigma: number, population: number): Evolution {
  const identity = mean.map((_, i) => mean.map((__, j) => (i === j ? 1 : 0)));
  const zeros = mean.map(() => 0);
  return {
    rates: ratesOf(mean.length, population),
    age: 0,
    sigma0: sigma,
    sigma,
    mean,
    covariance: identity,
    axes: identity,
    lengths: mean.map(() => 1),
    pathSigma: zeros,
    pathC: zeros,
    losses: [],
  };
}

/** A point inside the unit cube: drawn until one is inside, cut off at the border after 100 in vain. */
export function sampleOf({ mean, sigma, axes, lengths }: Evolution, random: Random): readonly number[] {
  let point: readonly number[] = [];
  for (let attempt = 0; attempt <= MAX_RESAMPLING; attempt++) {
    const along = lengths.map((length) => length * random.normal());
    point = mean.map((value, i) => value + sigma * dot(axes[i] ?? [], along));
    if (point.every((value) => value > 0 && value < 1)) return point;
  }
  return point.map((value) => Math.min(1, Math.max(0, value)));
}

/** The distribution after a generation; `solutions` are as many as the population. */
export function evolve(evolution: Evolution, solutions: readonly Solution[]): Evolution {
  const { rates, mean, sigma, axes, lengths } = evolution;
  const { c1, cC, cMu, cSigma, chi, dimensions, muEff, weights } = rates;
  const age = evolution.age + 1;
  const best = [...solutions].sort((a, b) => a.loss - b.loss);
  const steps = best.map(({ point }) => point.map((value, i) => (value - (mean[i] ?? 0)) / sigma));
  const parents = weights.map((weight) => Math.max(0, weight));
  const step = mean.map((_, i) => steps.reduce((sum, y, k) => sum + (parents[k] ?? 0) * (y[i] ?? 0), 0));

  // C^(-1/2) y: how long a step is, measured by the distribution that it was drawn from.
  const whiten = (y: readonly number[]) => {
    const along = lengths.map(
      (length, j) => y.reduce((sum, value, i) => sum + (axes[i]?.[j] ?? 0) * value, 0) / length,
    );
    return axes.map((row) => dot(row, along));
  };
  const pull = Math.sqrt(cSigma * (2 - cSigma) * muEff);
  const white = whiten(step);
  const pathSigma = evolution.pathSigma.map((value, i) => (1 - cSigma) * value + pull * (white[i] ?? 0));
  const length = Math.sqrt(dot(pathSigma, pathSigma));
  const stretch = Math.exp((cSigma / rates.dSigma) * (length / chi - 1));
  // Where all losses are equal the step size wanders at random; it shall not become 0 or infinite.
  const bounded = Math.min(MAX_DRIFT, Math.max(1 / MAX_DRIFT, (sigma * stretch) / evolution.sigma0)) * evolution.sigma0;

  const settled = length / Math.sqrt(1 - (1 - cSigma) ** (2 * (age + 1))) < (1.4 + 2 / (dimensions + 1)) * chi ? 1 : 0;
  const pullC = settled * Math.sqrt(cC * (2 - cC) * muEff);
  const pathC = evolution.pathC.map((value, i) => (1 - cC) * value + pullC * (step[i] ?? 0));

  const shares = weights.map((weight, k) => {
    if (weight >= 0) return weight;
    const unusual = whiten(steps[k] ?? []);
    return (weight * dimensions) / (dot(unusual, unusual) + EPSILON);
  });
  const keep = 1 + c1 * (1 - settled) * cC * (2 - cC) - c1 - cMu * weights.reduce((sum, weight) => sum + weight, 0);
  const covariance = evolution.covariance.map((row, i) =>
    row.map((value, j) => {
      const rankMu = steps.reduce((sum, y, k) => sum + (shares[k] ?? 0) * (y[i] ?? 0) * (y[j] ?? 0), 0);
      return keep * value + c1 * (pathC[i] ?? 0) * (pathC[j] ?? 0) + cMu * rankMu;
    }),
  );
  return {
    ...evolution,
    age,
    sigma: bounded,
    mean: mean.map((value, i) => value + sigma * (step[i] ?? 0)),
    ...shapeOf(covariance),
    pathSigma,
    pathC,
    losses: [...evolution.losses, [best[0]?.loss ?? 0, best.at(-1)?.loss ?? 0] as const].slice(-termOf(rates)),
  };
}

/** Generations over which losses are compared to see whether anything changes. */
export function termOf({ dimensions, population }: Rates): number {
  return 10 + Math.ceil((30 * dimensions) / population);
}

/** The axes of a covariance, which is mended where rounding made it indefinite. */
function shapeOf(covariance: readonly (readonly number[])[]): Pick<Evolution, 'covariance' | 'axes' | 'lengths'> {
  const { eigenvectorMatrix, realEigenvalues } = new EigenvalueDecomposition(
    new Matrix(covariance.map((row) => [...row])),
    { assumeSymmetric: true },
  );
  const axes = eigenvectorMatrix.to2DArray();
  const squares = realEigenvalues.map((value) => (value > 0 ? value : EPSILON));
  const mended = realEigenvalues.every((value) => value > 0)
    ? covariance
    : axes.map((row) =>
        axes.map((column) => row.reduce((sum, a, k) => sum + a * (column[k] ?? 0) * (squares[k] ?? 0), 0)),
      );
  return { covariance: mended, axes, lengths: squares.map(Math.sqrt) };
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}
