import type { Random } from '../random.ts';
import { type Evolution, startEvolution, termOf } from './evolution.ts';
import { populationOf } from './rates.ts';

/** `none` goes on for ever with the first run. */
export const STRATEGIES = ['none', 'ipop', 'bipop'] as const;
export type Strategy = (typeof STRATEGIES)[number];

/** The run that is under way, and what the choice of the next one's size depends on. */
export interface Run {
  readonly evolution: Evolution;
  /** Restarts that grew the population. */
  readonly restarts: number;
  readonly size: 'small' | 'large';
  /** Samples that the finished runs of either size took. */
  readonly spent: { readonly small: number; readonly large: number };
}

const GROWTH = 2;

/** The first run, from the middle of the unit cube. */
export function firstRun(dimensions: number, sigma: number): Run {
  const middle = Array.from({ length: dimensions }, () => 0.5);
  return {
    evolution: startEvolution(middle, sigma, populationOf(dimensions)),
    restarts: 0,
    // A first run counts among the small ones, so that a large one comes next.
    size: 'small',
    spent: { small: 0, large: 0 },
  };
}

/**
 * A new run from a point at random: IPOP's has twice as many samples a generation; BIPOP has one like it and smaller
 * ones by turns, by what both took so far.
 *
 * @see https://ieeexplore.ieee.org/document/1554902 and https://inria.hal.science/inria-00382093
 */
export function nextRun(run: Run, strategy: Exclude<Strategy, 'none'>, random: Random): Run {
  const { dimensions, population } = run.evolution.rates;
  const spent = { ...run.spent };
  spent[run.size] += population * run.evolution.age;
  const small = strategy === 'bipop' && spent.small < spent.large;
  const restarts = run.restarts + (small ? 0 : 1);
  const growth = GROWTH ** restarts;
  const samples = Math.floor(populationOf(dimensions) * (small ? growth ** (random.uniform() ** 2) : growth));
  const mean = Array.from({ length: dimensions }, () => random.uniform());
  return {
    evolution: startEvolution(mean, run.evolution.sigma0, samples),
    restarts,
    size: small ? 'small' : 'large',
    spent,
  };
}

/** Whether a run has converged, or diverged, so that more of it is in vain. */
export function isOver({ age, sigma, sigma0, covariance, lengths, pathC, losses, rates }: Evolution): boolean {
  const flat = losses.flat();
  if (age > termOf(rates) && Math.max(...flat) - Math.min(...flat) < 1e-12) return true;
  const tolerance = 1e-12 * sigma0;
  const tiny = (value: number) => sigma * Math.abs(value) <= tolerance;
  if (covariance.every((row, i) => tiny(row[i] ?? 0)) && pathC.every(tiny)) return true;
  const [longest, shortest] = [Math.max(...lengths), Math.min(...lengths)];
  return (sigma / sigma0) * longest > 1e4 || longest / shortest > 1e14;
}
