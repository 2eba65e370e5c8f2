import type { ListParameter, NumericParameter, Parameter } from '../algorithm.ts';
import { priorOf } from '../prior.ts';
import type { Random } from '../random.ts';
import { formatNumber, stepOf, valueAt } from '../space.ts';
import { pick } from './normal.ts';
import { drawFrom, logDensity, logMass, parzenOf } from './parzen.ts';
import { forgettingWeights, type Split } from './split.ts';

/** Draws the next value of one parameter: the best one of so many candidates. */
export type Sampler = (random: Random, candidates: number) => string;

/** The draw of which the good observations make more than the others do; the first of equal ones. */
function bestOf<T>(count: number, draw: () => T, scoreOf: (candidate: T) => number): T {
  let best = draw();
  let score = scoreOf(best);
  for (let i = 1; i < count; i++) {
    const candidate = draw();
    const other = scoreOf(candidate);
    if (other > score) [best, score] = [candidate, other];
  }
  return best;
}

function numericSampler(parameter: NumericParameter, { below, above }: Split<number>, priorWeight: number): Sampler {
  const prior = priorOf(parameter);
  const inner = (value: number) => (prior.isLog ? Math.log(value) : value);
  const outer = (value: number) => (prior.isLog ? Math.exp(value) : value);
  const good = parzenOf(below.map(inner), prior, priorWeight);
  const rest = parzenOf(above.map(inner), prior, priorWeight);
  const step = stepOf(parameter);
  if (step === undefined) {
    const scoreOf = (value: number) => logDensity(good, value) - logDensity(rest, value);
    return (random, candidates) =>
      formatNumber(parameter, outer(bestOf(candidates, () => drawFrom(good, prior, random), scoreOf)));
  }
  const scores = new Map<number, number>();
  const massScore = (index: number) => {
    // What is rounded to a step comes from half a step around it, and from between the bounds.
    const from = parameter.min + (index - 0.5) * step;
    const start = Math.max(prior.low, prior.isLog && from <= 0 ? Number.NEGATIVE_INFINITY : inner(from));
    const end = Math.min(prior.high, inner(from + step));
    return logMass(good, start, end) - logMass(rest, start, end);
  };
  const scoreOf = (index: number) => {
    const score = scores.get(index) ?? massScore(index);
    scores.set(index, score);
    return score;
  };
  return (random, candidates) => {
    const draw = () => Math.round((outer(drawFrom(good, prior, random)) - parameter.min) / step);
    return formatNumber(parameter, parameter.min + bestOf(candidates, draw, scoreOf) * step);
  };
}

/** How often each value of a list was tried, of late rather than long ago, and as often again as the prior weighs. */
function sharesOf({ list }: ListParameter, indices: readonly number[], priorWeight: number): readonly number[] {
  const weights = forgettingWeights(indices.length);
  const counts = list.map((_, at) =>
    indices.reduce((sum, index, i) => sum + (index === at ? (weights[i] ?? 0) : 0), priorWeight),
  );
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.map((count) => count / total);
}

function listSampler(parameter: ListParameter, { below, above }: Split<number>, priorWeight: number): Sampler {
  const good = sharesOf(parameter, below, priorWeight);
  const rest = sharesOf(parameter, above, priorWeight);
  const scoreOf = (index: number) => (good[index] ?? 0) / (rest[index] ?? 1);
  return (random, candidates) =>
    valueAt(
      parameter,
      bestOf(candidates, () => pick(random, good), scoreOf),
    );
}

/**
 * What draws the next value of a parameter from the good observations of it and the others.
 *
 * @param priorWeight of what is known before, where an observation has 1
 */
export function samplerOf(parameter: Parameter, observations: Split<number>, priorWeight: number): Sampler {
  return 'list' in parameter
    ? listSampler(parameter, observations, priorWeight)
    : numericSampler(parameter, observations, priorWeight);
}
