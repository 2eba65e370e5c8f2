import type { Algorithm } from './algorithm.ts';
import { bayesianoptimization } from './bayesian/bayesian.ts';
import { cmaes } from './cmaes/cmaes.ts';
import { grid } from './grid.ts';
import { hyperband } from './hyperband.ts';
import { multivariateTpe } from './multivariate-tpe.ts';
import { randomSearch } from './random-search.ts';
import { sobol } from './sobol.ts';
import { tpe } from './tpe.ts';

/** By the names that Katib knows them by. */
export const ALGORITHMS: Readonly<Record<string, Algorithm>> = Object.fromEntries(
  [randomSearch, grid, sobol, tpe, multivariateTpe, cmaes, hyperband, bayesianoptimization].map((algorithm) => [
    algorithm.name,
    algorithm,
  ]),
);

/** The algorithm of this name; undefined where there is none. */
export function algorithmOf(name: string): Algorithm | undefined {
  return Object.hasOwn(ALGORITHMS, name) ? ALGORITHMS[name] : undefined;
}
