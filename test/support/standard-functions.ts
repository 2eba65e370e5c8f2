import type { Algorithm, NumericParameter, PastTrial, Search } from '../../katib/algorithms/algorithm.ts';

/** A function that searches are compared on. */
export interface StandardFunction {
  readonly name: string;
  readonly parameters: readonly NumericParameter[];
  /** Its smallest value. */
  readonly minimum: number;
  lossAt(x: readonly number[]): number;
}

const box = (...bounds: (readonly [min: number, max: number])[]): NumericParameter[] =>
  bounds.map(([min, max], i) => ({ name: `x${i + 1}`, type: 'double', min, max, distribution: 'uniform' }));

/** Three equal minima in two dimensions. */
export const branin: StandardFunction = {
  name: 'Branin',
  parameters: box([-5, 10], [0, 15]),
  minimum: 0.397887,
  lossAt: ([x = 0, y = 0]) =>
    (y - (5.1 / (4 * Math.PI ** 2)) * x ** 2 + (5 / Math.PI) * x - 6) ** 2 +
    10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) +
    10,
};

/** A narrow curved valley, here in two dimensions. */
export const rosenbrock: StandardFunction = {
  name: 'Rosenbrock',
  parameters: box([-2, 2], [-1, 3]),
  minimum: 0,
  lossAt: ([x = 0, y = 0]) => 100 * (y - x ** 2) ** 2 + (1 - x) ** 2,
};

const PEAKS = [
  { height: 1, narrow: [10, 3, 17, 3.5, 1.7, 8], at: [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886] },
  { height: 1.2, narrow: [0.05, 10, 17, 0.1, 8, 14], at: [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991] },
  { height: 3, narrow: [3, 3.5, 1.7, 10, 17, 8], at: [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665] },
  { height: 3.2, narrow: [17, 8, 0.05, 10, 0.1, 14], at: [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381] },
] as const;

/** Four peaks, turned over, in six dimensions. */
export const hartmann6: StandardFunction = {
  name: 'Hartmann in six dimensions',
  parameters: box(...Array.from({ length: 6 }, () => [0, 1] as const)),
  minimum: -3.32237,
  lossAt: (x) =>
    -PEAKS.reduce((sum, { height, narrow, at }) => {
      const far = x.reduce((total, value, i) => total + (narrow[i] ?? 0) * (value - (at[i] ?? 0)) ** 2, 0);
      return sum + height * Math.exp(-far);
    }, 0),
};

/** A search without settings for three trials at a time, as Katib has it by default. */
export function makeSearch(parameters: Search['parameters'], more: Partial<Search> = {}): Search {
  return { objective: 'minimize', parameters, settings: {}, parallelTrialCount: 3, ...more };
}

/** The trials of a whole search, of which a batch of `parallelTrialCount` ends before the next one is asked for. */
export function runSearch(
  algorithm: Algorithm,
  search: Search,
  lossAt: (x: readonly number[]) => number,
  count: number,
): readonly (PastTrial & { readonly value: number })[] {
  const trials: (PastTrial & { readonly value: number })[] = [];
  while (trials.length < count) {
    const size = Math.min(search.parallelTrialCount, count - trials.length);
    const batch = algorithm.suggest(search, trials, trials.length, size);
    if (batch.length === 0) break;
    for (const { assignments, labels = {} } of batch) {
      const value = lossAt(search.parameters.map(({ name }) => Number(assignments[name])));
      trials.push({ index: trials.length, assignments, labels, state: 'succeeded', value });
    }
  }
  return trials;
}

/** The least value of a search of a standard function. */
export function bestOf(algorithm: Algorithm, { parameters, lossAt }: StandardFunction, count: number, seed: number) {
  const search = makeSearch(parameters, { settings: { random_state: String(seed) } });
  return Math.min(...runSearch(algorithm, search, lossAt, count).map(({ value }) => value));
}
