import { type Scale, scaleOf } from './scales.ts';
import { parametersOf, ranked, type Search } from './search.ts';
import { assignmentText } from './wording.ts';

/** What the best trials have in common. */
export interface Band {
  /** How many trials are called the best. */
  readonly trials: number;
  /** `learning_rate 0.004 to 0.02`, the least likely to be chance first. */
  readonly ranges: readonly string[];
}

/** Fewer trials than these have nothing in common that would be worth telling. */
const MIN_TRIALS = 10;
/** The best fifth of all, and no fewer than these. */
const MIN_BEST = 4;
/** How likely chance alone may bring about one such finding among all hyperparameters. */
const LEVEL = 0.05;

/**
 * The ranges of hyperparameters to which the best fifth of the trials keep, as far as as many trials that are picked by
 * chance would not. Undefined where there are too few trials.
 */
export function bandOf(search: Search): Band | undefined {
  const trials = ranked(search);
  const count = Math.max(MIN_BEST, Math.round(trials.length / 5));
  if (trials.length < MIN_TRIALS) return undefined;
  const names = parametersOf(search);
  const found = names.flatMap((name) => {
    const values = trials.flatMap(({ assignments }) => assignments[name] ?? []);
    if (values.length < trials.length) return [];
    const scale = scaleOf(name, values);
    const chance = chanceOf(scale, values, count);
    return chance * names.length <= LEVEL ? [{ chance, range: rangeOf(scale, values.slice(0, count)) }] : [];
  });
  return { trials: count, ranges: found.sort((a, b) => a.chance - b.chance).map(({ range }) => range) };
}

/**
 * How likely it is that `count` of the values, picked by chance, lie as close together as the first ones. By their places
 * among all values these are points on a line: the range of n uniform points is at most r with probability
 * n r^(n-1) - (n-1) r^n.
 */
function chanceOf(scale: Scale, values: readonly string[], count: number): number {
  const places = values.map((value) => scale.at(value) ?? 0);
  const best = places.slice(0, count);
  const [low, high] = [Math.min(...best), Math.max(...best)];
  const inside = places.filter((place) => place >= low && place <= high).length / places.length;
  return count * inside ** (count - 1) - (count - 1) * inside ** count;
}

function rangeOf({ name, at }: Scale, values: readonly string[]): string {
  const sorted = values.toSorted((a, b) => (at(a) ?? 0) - (at(b) ?? 0)).map(assignmentText);
  const [low = '', high = ''] = [sorted[0], sorted.at(-1)];
  return low === high ? `${name} ${low}` : `${name} ${low} to ${high}`;
}
