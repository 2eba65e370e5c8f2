import type { Algorithm, NumericParameter, Parameter, PastTrial, Search } from '../../katib/algorithms/algorithm.ts';
import { type Random, randomOf } from '../../katib/algorithms/random.ts';

/** A function of values between 0 and 1. */
export type UnitFunction = (at: readonly number[]) => number;

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

/** Minimum 0 at 0.7 everywhere. */
export const sphere: UnitFunction = (at) => sum(at.map((x) => (x - 0.7) ** 2));

/** Rosenbrock's valley between -2 and 2: minimum 0 at 0.75 everywhere. */
export const valley: UnitFunction = (at) => {
  const points = at.map((x) => 4 * x - 2);
  return sum(points.slice(1).map((x, i) => 100 * (x - (points[i] ?? 0) ** 2) ** 2 + (1 - (points[i] ?? 0)) ** 2));
};

/** Branin's function: minimum 0.397887 at three places. */
export const branin: UnitFunction = ([u = 0, v = 0]) => {
  const [x, y] = [15 * u - 5, 15 * v];
  const curve = y - (5.1 / (4 * Math.PI ** 2)) * x ** 2 + (5 / Math.PI) * x - 6;
  return curve ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10;
};

const HARTMANN_SCALES = [
  [10, 3, 17, 3.5, 1.7, 8],
  [0.05, 10, 17, 0.1, 8, 14],
  [3, 3.5, 1.7, 10, 17, 8],
  [17, 8, 0.05, 10, 0.1, 14],
];
const HARTMANN_CENTRES = [
  [1312, 1696, 5569, 124, 8283, 5886],
  [2329, 4135, 8307, 3736, 1004, 9991],
  [2348, 1451, 3522, 2883, 3047, 6650],
  [4047, 8828, 8732, 5743, 1091, 381],
];

/** Hartmann's function of six variables: minimum -3.32237. */
export const hartmann: UnitFunction = (at) =>
  -sum(
    [1, 1.2, 3, 3.2].map((height, i) => {
      const distances = at.map(
        (x, j) => (HARTMANN_SCALES[i]?.[j] ?? 0) * (x - (HARTMANN_CENTRES[i]?.[j] ?? 0) / 10_000) ** 2,
      );
      return height * Math.exp(-sum(distances));
    }),
  );

/** A search over so many doubles between two bounds. */
export function searchOver(
  dimensions: number,
  [min, max]: readonly [number, number],
  settings: Readonly<Record<string, string>> = {},
): Search {
  const parameters = Array.from(
    { length: dimensions },
    (_, i): NumericParameter => ({ name: `x${i}`, type: 'double', min, max, distribution: 'uniform' }),
  );
  return { objective: 'minimize', parameters, settings, parallelTrialCount: 1000 };
}

/** How the trials of a search go. */
export interface Play {
  readonly budget: number;
  /** How many run at once; each ends at a random moment. Without it, they run one by one. */
  readonly parallel?: number;
  /** The part that fails. */
  readonly failing?: number;
  readonly seed?: number;
}

/**
 * Runs a search: whenever a place is free, the algorithm is asked by a history that was written and read again; it ends
 * with the budget, or where nothing runs and there is nothing more to be had.
 */
export function playSearch(
  algorithm: Algorithm,
  search: Search,
  measure: (assignments: Readonly<Record<string, string>>) => number,
  { budget, parallel = 1, failing = 0, seed = 0 }: Play,
): readonly PastTrial[] {
  const random = randomOf(seed, 'play');
  const trials: PastTrial[] = [];
  for (;;) {
    const running = trials.filter(({ state }) => state === 'running');
    const free = Math.min(parallel - running.length, budget - trials.length);
    const suggestions =
      free > 0 ? algorithm.suggest(structuredClone(search), structuredClone(trials), trials.length, free) : [];
    for (const { assignments, labels = {} } of suggestions)
      trials.push({ index: trials.length, assignments, labels, state: 'running' });
    const all = trials.filter(({ state }) => state === 'running');
    const ending = all[random.integer(all.length)];
    if (!ending) return trials;
    const isFailure = random.uniform() < failing;
    trials[ending.index] = isFailure
      ? { ...ending, state: 'failed' }
      : { ...ending, state: 'succeeded', value: measure(ending.assignments) };
  }
}

/** The smallest value of some trials. */
export function bestOf(trials: readonly PastTrial[]): number {
  return Math.min(...trials.map(({ value }) => value ?? Number.POSITIVE_INFINITY));
}

/** The smallest value of so many points at random. */
export function bestAtRandom(measure: UnitFunction, dimensions: number, count: number, random: Random): number {
  const draw = () => measure(Array.from({ length: dimensions }, () => random.uniform()));
  return Math.min(...Array.from({ length: count }, draw));
}

/**
 * Mann and Whitney's test of whether `smaller` tends to be smaller than `larger`: a standard normal variable where they
 * are alike, which is above 2.326 in one of a hundred cases.
 */
export function mannWhitney(smaller: readonly number[], larger: readonly number[]): number {
  const wins = sum(smaller.flatMap((a) => larger.map((b) => (a < b ? 1 : a === b ? 0.5 : 0))));
  const pairs = smaller.length * larger.length;
  return (wins - pairs / 2) / Math.sqrt((pairs * (smaller.length + larger.length + 1)) / 12);
}

export function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Whether a value is one that a parameter may take, as text. */
export function isFeasible(parameter: Parameter, text: string | undefined): boolean {
  if (text === undefined) return false;
  if ('list' in parameter) return parameter.list.includes(text);
  const { type, min, max, step = type === 'int' ? 1 : undefined } = parameter;
  const value = Number(text);
  if (!(value >= min && value <= max)) return false;
  const steps = step === undefined ? 0 : (value - min) / step;
  return Math.abs(steps - Math.round(steps)) < 1e-6;
}
