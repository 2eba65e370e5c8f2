import { type Forest, growForest, type Leaf } from './forest.ts';
import { type Scale, scaleOf } from './scales.ts';
import { judged, parametersOf, type Search } from './search.ts';

/** How much a hyperparameter matters. */
export interface Importance {
  readonly parameter: string;
  /** Of what the hyperparameters explain each alone; all shares sum to 1. */
  readonly share: number;
}

export interface Importances {
  /** The most important first. */
  readonly parameters: readonly Importance[];
  /** How many trials were looked at. */
  readonly trials: number;
  /** See {@link Forest}. */
  readonly explained: number;
}

/** Fewer trials tell nothing. */
export const MIN_TRIALS = 8;

/**
 * The share of the objective's variance that each hyperparameter explains alone: functional analysis of variance of a
 * random forest (Hutter, Hoos and Leyton-Brown 2014), as it is Optuna's default too. In each tree the variance over the
 * whole space that the trials span is taken apart exactly; interactions between hyperparameters are left out, and the
 * rest is scaled to sum to 1. Trials that were stopped early count with their last value.
 *
 * @returns undefined where there are fewer than {@link MIN_TRIALS} values, all are equal, or fewer than two
 * hyperparameters differ
 */
export function importancesOf(search: Search): Importances | undefined {
  const trials = judged(search);
  const scales = parametersOf(search)
    .map((name) =>
      scaleOf(
        name,
        trials.flatMap(({ assignments }) => assignments[name] ?? []),
      ),
    )
    .filter(({ kind, levels }) => kind !== 'levels' || levels > 1);
  const targets = trials.map(({ value }) => value);
  if (trials.length < MIN_TRIALS || scales.length < 2 || new Set(targets).size < 2) return undefined;
  const columns = scales.map(({ name, at, levels }) => ({
    levels,
    values: trials.map(({ assignments }) => at(assignments[name] ?? '') ?? 0.5),
  }));
  const forest = growForest(columns, targets);
  return { parameters: rank(scales, forest), trials: trials.length, explained: forest.explained };
}

function rank(scales: readonly Scale[], { trees }: Forest): Importance[] {
  const sums = scales.map(() => 0);
  for (const leaves of trees) {
    const { total, alone } = variancesOf(leaves, scales.length);
    if (total > 0) for (const [axis, variance] of alone.entries()) sums[axis] = (sums[axis] ?? 0) + variance / total;
  }
  const all = sums.reduce((sum, share) => sum + share, 0);
  return scales
    .map(({ name }, axis) => ({ parameter: name, share: all > 0 ? (sums[axis] ?? 0) / all : 1 / scales.length }))
    .sort((a, b) => b.share - a.share);
}

/** The variance of what a tree says over the unit cube, and that of its mean along each axis alone. */
export function variancesOf(leaves: readonly Leaf[], axes: number): { total: number; alone: number[] } {
  const volumes = leaves.map(({ low, high }) =>
    low.reduce((volume, from, axis) => volume * ((high[axis] ?? 0) - from), 1),
  );
  const mean = leaves.reduce((sum, { value }, leaf) => sum + value * (volumes[leaf] ?? 0), 0);
  const total = leaves.reduce((sum, { value }, leaf) => sum + (value - mean) ** 2 * (volumes[leaf] ?? 0), 0);
  const alone = Array.from({ length: axes }, (_, axis) => {
    // Along one axis the mean over all others is a step function: each leaf adds its part where it begins, and takes it
    // away where it ends.
    const steps = leaves.flatMap(({ low, high, value }, leaf) => {
      const [from, to] = [low[axis] ?? 0, high[axis] ?? 0];
      const part = ((value - mean) * (volumes[leaf] ?? 0)) / (to - from);
      return [
        { at: from, part },
        { at: to, part: -part },
      ];
    });
    steps.sort((a, b) => a.at - b.at);
    let level = 0;
    let variance = 0;
    for (const [index, { at, part }] of steps.entries()) {
      level += part;
      variance += level ** 2 * ((steps[index + 1]?.at ?? at) - at);
    }
    return variance;
  });
  return { total, alone };
}
