import type { NumericParameter, Parameter, Search } from './algorithm.ts';
import { spaceIssue, spaceIssues } from './issues.ts';
import type { Random } from './random.ts';
import { formatNumber, valueAt } from './space.ts';

/**
 * What Katib makes of a numeric parameter for hyperopt: a variable that is uniform where it has bounds and normal where
 * not, of the value or of its logarithm. The value is rounded to the parameter's steps afterwards.
 */
export interface Prior {
  readonly isLog: boolean;
  readonly mean: number;
  /** Of a uniform variable, what hyperopt's TPE takes for it: the whole range. */
  readonly deviation: number;
  readonly low: number;
  readonly high: number;
}

/** A normal variable has its mean in the middle of the bounds, which are three standard deviations away. */
export function priorOf({ distribution, min, max }: NumericParameter): Prior {
  const isLog = distribution === 'logUniform' || distribution === 'logNormal';
  const low = isLog ? Math.log(min) : min;
  const high = isLog ? Math.log(max) : max;
  const isUniform = distribution === 'uniform' || distribution === 'logUniform';
  return {
    isLog,
    mean: (low + high) / 2,
    deviation: isUniform ? high - low : (high - low) / 6,
    low: isUniform ? low : Number.NEGATIVE_INFINITY,
    high: isUniform ? high : Number.POSITIVE_INFINITY,
  };
}

/**
 * A value as hyperopt draws it in Katib. With steps, which an int always has, a uniform variable is rounded to the nearest
 * one, so that both ends have half the weight of the others. Two deviations: the steps start at `min` (hyperopt's are the
 * multiples of the step), and a normal variable, of which hyperopt lets 0.27 % lie outside of the bounds, is set back to them.
 */
export function drawFromPrior(parameter: Parameter, random: Random): string {
  if ('list' in parameter) return valueAt(parameter, random.integer(parameter.list.length));
  const { isLog, mean, deviation, low, high } = priorOf(parameter);
  const isUniform = Number.isFinite(low);
  const drawn = isUniform ? low + random.uniform() * (high - low) : mean + deviation * random.normal();
  return formatNumber(parameter, isLog ? Math.exp(drawn) : drawn);
}

/** One sentence for each parameter that hyperopt fails on: it needs a range, and a logarithm of both of its ends. */
export function priorIssues(search: Search): readonly string[] {
  const ranges = search.parameters.flatMap((parameter) => {
    if ('list' in parameter) return [];
    const { min, max, distribution } = parameter;
    const isLog = distribution === 'logUniform' || distribution === 'logNormal';
    return [
      ...(min === max ? [spaceIssue(parameter, 'max', max, `a number above ${min}, the min`)] : []),
      ...(isLog && min <= 0
        ? [spaceIssue(parameter, 'min', min, `a number above 0, as the distribution is ${distribution}`)]
        : []),
    ];
  });
  return [...spaceIssues(search), ...ranges];
}
