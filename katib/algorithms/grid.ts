import type { Algorithm, Search } from './algorithm.ts';
import { SEED_RULE, settingIssues, spaceIssue, spaceIssues } from './issues.ts';
import { permute } from './permutation.ts';
import { countOf, seedOf, stepOf, valueAt } from './space.ts';

/** How many combinations there are; more than a double can tell apart where they are many. */
function combinationsOf({ parameters }: Search): bigint {
  return parameters.reduce((product, parameter) => product * BigInt(countOf(parameter)), 1n);
}

function stepIssues({ parameters }: Search): readonly string[] {
  return parameters.flatMap((parameter) =>
    'list' in parameter || stepOf(parameter) !== undefined
      ? []
      : [spaceIssue(parameter, 'step', undefined, 'a number above 0, as a grid has to have steps')],
  );
}

function countIssues(search: Search): readonly string[] {
  const { maxTrialCount } = search;
  const combinations = combinationsOf(search);
  if (maxTrialCount === undefined || BigInt(maxTrialCount) <= combinations) return [];
  return [
    `Wrong value ${maxTrialCount} at spec.maxTrialCount: expected at most ${combinations}, the number of combinations`,
  ];
}

/** The combination with this number, in the order in which the last parameter changes fastest. */
function combinationAt({ parameters }: Search, number: bigint): Record<string, string> {
  const values: [string, string][] = [];
  let rest = number;
  for (const parameter of parameters.toReversed()) {
    const count = BigInt(countOf(parameter));
    values.push([parameter.name, valueAt(parameter, Number(rest % count))]);
    rest /= count;
  }
  return Object.fromEntries(values.reverse());
}

/**
 * Katib's `grid` (Optuna's GridSampler): every combination once, in an order that the seed shuffles; then nothing more. The
 * distribution of a parameter plays no part. It makes no list of the combinations, of which there may be any number.
 */
export const grid: Algorithm = {
  name: 'grid',
  validate(search) {
    const issues = [
      ...settingIssues(search, 'grid', { random_state: SEED_RULE }),
      ...spaceIssues(search),
      ...stepIssues(search),
    ];
    return issues.length > 0 ? issues : countIssues(search);
  },
  suggest(search, _trials, first, count) {
    const combinations = combinationsOf(search);
    const left = combinations - BigInt(first);
    const length = left < BigInt(count) ? Math.max(0, Number(left)) : count;
    return Array.from({ length }, (_, i) => ({
      assignments: combinationAt(search, permute(BigInt(first + i), combinations, seedOf(search))),
    }));
  },
};
