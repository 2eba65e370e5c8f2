import type { Algorithm, Search } from '../algorithm.ts';
import { numberRule, SEED_RULE, settingIssues, spaceIssue, spaceIssues } from '../issues.ts';
import { randomOf } from '../random.ts';
import { seedOf, valueAt } from '../space.ts';
import { wordRule } from '../word-rule.ts';
import { evolvingOf, labelsOf, pointOf, standingOf, textOf } from './generations.ts';
import { STRATEGIES } from './restarts.ts';

const RULES = {
  random_state: SEED_RULE,
  restart_strategy: wordRule(STRATEGIES),
  sigma: numberRule(0),
};

/**
 * Covariance matrix adaptation, as of goptuna 0.8, which Katib uses: 4 + floor(3 ln d) samples a generation, from the
 * middle of the space with a standard deviation of a sixth of it; `distribution` is ignored, lists are drawn at random.
 *
 * Four things are other than there. Maximizing works: goptuna's always minimizes. Each parameter's deviation is a sixth
 * of its own range, not of the narrowest one's, by which an integer from 2 to 16 beside a double from 0 to 1 keeps
 * to the middle for long. Trials that are stopped early count with their value. A restart begins with samples of its own.
 *
 * Trials of a generation may be asked for in any batches and end in any order: while it lacks results, what is suggested
 * are more samples of it.
 */
export const cmaes: Algorithm = {
  name: 'cmaes',
  validate: (search) => [...settingIssues(search, 'cmaes', RULES), ...spaceIssues(search), ...rangeIssues(search)],
  suggest(search, trials, first, count) {
    const standing = standingOf(search, trials);
    return Array.from({ length: count }, (_, i) => {
      const index = first + i;
      const point = pointOf(search, standing.run.evolution, index);
      const random = randomOf(seedOf(search), 'cmaes', 'list', index);
      let coordinate = 0;
      const assignments = search.parameters.map((parameter) => [
        parameter.name,
        'list' in parameter
          ? valueAt(parameter, random.integer(parameter.list.length))
          : textOf(parameter, point[coordinate++] ?? 0),
      ]);
      return { assignments: Object.fromEntries(assignments), labels: labelsOf(standing) };
    });
  },
};

function rangeIssues(search: Search): readonly string[] {
  const evolving = evolvingOf(search);
  return [
    ...(evolving.length < 2
      ? [
          `Wrong value ${evolving.length} at spec.parameters: expected at least 2 of type double or int, as cmaes searches these`,
        ]
      : []),
    ...evolving
      .filter(({ min, max }) => min === max)
      .map((parameter) => spaceIssue(parameter, 'max', parameter.max, `a number above ${parameter.min}, the min`)),
  ];
}
