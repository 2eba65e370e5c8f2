import type { Algorithm, Assignments, Search } from './algorithm.ts';
import { integerRule, numberSetting, SEED_RULE, settingIssues, spaceIssue, spaceIssues } from './issues.ts';
import { randomOf } from './random.ts';
import { seedOf, valueAt } from './space.ts';
import { type Dimension, dimensionOf } from './tpe/dimension.ts';
import { likeliestPoint } from './tpe/joint.ts';
import { type Observation, observationsOf, observationsWithRunning, type Point } from './tpe/observations.ts';
import { splitByLoss } from './tpe/split.ts';

const NAME = 'multivariate-tpe';

const RULES = { n_startup_trials: integerRule(0), n_ei_candidates: integerRule(1), random_state: SEED_RULE };

function distributionIssues({ parameters }: Search): readonly string[] {
  return parameters.flatMap((parameter) => {
    if ('list' in parameter) return [];
    const { distribution, type, max } = parameter;
    if (distribution === 'normal' || distribution === 'logNormal')
      return [spaceIssue(parameter, 'distribution', distribution, `one of uniform, logUniform with ${NAME}`)];
    const smallest = type === 'int' ? 1 : 1e-10;
    return distribution === 'logUniform' && max < smallest
      ? [spaceIssue(parameter, 'max', max, `a number from ${smallest} on, as the distribution is logUniform`)]
      : [];
  });
}

/** As text, with the only value of each parameter that has no more. */
function assignmentsOf(search: Search, dimensions: readonly (Dimension | undefined)[], point: Point): Assignments {
  const values = point.values();
  return Object.fromEntries(
    search.parameters.map((parameter, at) => [
      parameter.name,
      dimensions[at]?.format(values.next().value ?? 0) ?? valueAt(parameter, 0),
    ]),
  );
}

/**
 * Katib's `multivariate-tpe` (Optuna 3.3's TPESampler with `multivariate` and `constant_liar`): Parzen estimators as `tpe` has
 * them, but over all parameters at once, so that it sees what goes with what. Of n trials with a value, ceil(n / 10) are good,
 * 25 at most; running ones count among the others, so that nobody else tries the same. Random until `n_startup_trials` (10)
 * have a value. Kernels are 0.2 n^(-1 / (d + 4)) of a parameter's range wide, as in Optuna 3.3 (in Optuna 5, as wide as the
 * gap to the next). Failed trials play no part. Katib takes any step of a `logUniform` parameter for none, or for 1 of an int;
 * here its values are on its steps.
 */
export const multivariateTpe: Algorithm = {
  name: NAME,
  validate: (search) => [...settingIssues(search, NAME, RULES), ...spaceIssues(search), ...distributionIssues(search)],
  suggest(search, trials, first, count) {
    const dimensions = search.parameters.map(dimensionOf);
    const free = dimensions.filter((dimension) => dimension !== undefined);
    const freeOf = (point: Point) => point.filter((_, at) => dimensions[at] !== undefined);
    const finished = observationsOf(search, trials).length;
    const isRandom = finished < numberSetting(search, 'n_startup_trials', 10) || free.length === 0;
    const candidates = numberSetting(search, 'n_ei_candidates', 24);
    const observed: Observation[] = observationsWithRunning(search, trials).map(({ point, loss }) => ({
      point: freeOf(point),
      loss,
    }));
    return Array.from({ length: count }, (_, i) => {
      const random = randomOf(seedOf(search), NAME, first + i);
      const point: Point = isRandom
        ? free.map((dimension) => dimension.drawUniform(random))
        : likeliestPoint(splitByLoss(observed, Math.ceil(0.1 * finished)), free, candidates, random);
      // To the rest of the batch it is a running trial.
      observed.push({ point, loss: Number.POSITIVE_INFINITY });
      return { assignments: assignmentsOf(search, dimensions, point) };
    });
  },
};
