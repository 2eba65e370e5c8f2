import type { Algorithm, Search } from './algorithm.ts';
import { SEED_RULE, settingIssues } from './issues.ts';
import { drawFromPrior, priorIssues } from './prior.ts';
import { type Random, randomOf } from './random.ts';
import { seedOf } from './space.ts';

/** A value of every parameter, each drawn on its own. */
export function drawAll({ parameters }: Search, random: Random): Record<string, string> {
  return Object.fromEntries(parameters.map((parameter) => [parameter.name, drawFromPrior(parameter, random)]));
}

/** Katib's `random` (hyperopt): every suggestion is drawn anew, whatever came before. */
export const randomSearch: Algorithm = {
  name: 'random',
  validate: (search) => [...settingIssues(search, 'random', { random_state: SEED_RULE }), ...priorIssues(search)],
  suggest: (search, _trials, first, count) =>
    Array.from({ length: count }, (_, i) => ({
      assignments: drawAll(search, randomOf(seedOf(search), 'random', first + i)),
    })),
};
