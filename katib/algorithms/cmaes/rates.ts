/** How fast a CMA-ES of so many dimensions and samples a generation learns; the names are those of Hansen's tutorial. */
export interface Rates {
  readonly dimensions: number;
  readonly population: number;
  /** Of the samples of a generation, best first; the worse half weighs less than nothing. */
  readonly weights: readonly number[];
  readonly muEff: number;
  /** Of the rank-one and the rank-mu update of the covariance. */
  readonly c1: number;
  readonly cMu: number;
  /** Of the evolution paths of the covariance and of the step size. */
  readonly cC: number;
  readonly cSigma: number;
  readonly dSigma: number;
  /** Expected length of a standard normal vector. */
  readonly chi: number;
}

/** Samples a generation, unless a restart has more. */
export function populationOf(dimensions: number): number {
  return 4 + Math.floor(3 * Math.log(dimensions));
}

/** @see https://arxiv.org/abs/1604.00772 tables 1 and equations 49 to 58 */
export function ratesOf(dimensions: number, population: number): Rates {
  const mu = Math.floor(population / 2);
  const raw = Array.from({ length: population }, (_, i) => Math.log((population + 1) / 2) - Math.log(i + 1));
  const muEff = effective(raw.slice(0, mu));
  const c1 = 2 / ((dimensions + 1.3) ** 2 + muEff);
  const cMu = Math.min(1 - c1, (2 * (muEff - 2 + 1 / muEff)) / ((dimensions + 2) ** 2 + muEff));
  const cSigma = (muEff + 2) / (dimensions + muEff + 5);
  // Negative weights are bounded so that the covariance stays positive definite.
  const negative = Math.min(
    1 + c1 / cMu,
    1 + (2 * effective(raw.slice(mu))) / (muEff + 2),
    (1 - c1 - cMu) / (dimensions * cMu),
  );
  const sumOf = (sign: number) => raw.reduce((sum, weight) => sum + Math.max(0, sign * weight), 0);
  const [above, below] = [sumOf(1), sumOf(-1)];
  return {
    dimensions,
    population,
    weights: raw.map((weight) => (weight > 0 ? weight / above : (negative * weight) / below)),
    muEff,
    c1,
    cMu,
    cC: (4 + muEff / dimensions) / (dimensions + 4 + (2 * muEff) / dimensions),
    cSigma,
    dSigma: 1 + 2 * Math.max(0, Math.sqrt((muEff - 1) / (dimensions + 1)) - 1) + cSigma,
    chi: Math.sqrt(dimensions) * (1 - 1 / (4 * dimensions) + 1 / (21 * dimensions ** 2)),
  };
}

function effective(weights: readonly number[]): number {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  return sum ** 2 / weights.reduce((total, weight) => total + weight ** 2, 0);
}
