import type { Algorithm } from './algorithm.ts';
import { integerRule, numberRule, numberSetting, SEED_RULE, settingIssues } from './issues.ts';
import { priorIssues } from './prior.ts';
import { randomOf } from './random.ts';
import { drawAll } from './random-search.ts';
import { seedOf } from './space.ts';
import { samplerOf } from './tpe/independent.ts';
import { observationsOf } from './tpe/observations.ts';
import { splitByLoss } from './tpe/split.ts';

const RULES = {
  gamma: numberRule(0, 1),
  prior_weight: numberRule(0),
  n_EI_candidates: integerRule(1),
  random_state: SEED_RULE,
};

/** How often another item of a batch is looked for before one is given twice. */
const ATTEMPTS = 20;

/**
 * Katib's `tpe` (hyperopt 0.2.5): a Parzen estimator of the good trials, ceil(gamma sqrt(n)) of n and 25 at most, and one of
 * the others; of 24 draws from the first, the one that is likeliest by comparison with the second. Each parameter for itself.
 * As in Katib it knows nothing of running trials, and is random only while fewer trials have a value than are asked for: in
 * the first batch, as a rule, which is `parallelTrialCount` (where hyperopt alone takes 20). Unlike Katib's, which draws every
 * item of a later batch with the same seed, the items of a batch differ where the parameters leave room for it.
 */
export const tpe: Algorithm = {
  name: 'tpe',
  validate: (search) => [...settingIssues(search, 'tpe', RULES), ...priorIssues(search)],
  suggest(search, trials, first, count) {
    const randoms = Array.from({ length: count }, (_, i) => randomOf(seedOf(search), 'tpe', first + i));
    const observed = observationsOf(search, trials);
    if (observed.length < count) return randoms.map((random) => ({ assignments: drawAll(search, random) }));
    const gamma = numberSetting(search, 'gamma', 0.25);
    const { below, above } = splitByLoss(observed, Math.ceil(gamma * Math.sqrt(observed.length)));
    const priorWeight = numberSetting(search, 'prior_weight', 1);
    const candidates = numberSetting(search, 'n_EI_candidates', 24);
    const samplers = search.parameters.map((parameter, at) => {
      const valuesOf = (observations: typeof observed) => observations.map(({ point }) => point[at] ?? 0);
      const observations = { below: valuesOf(below), above: valuesOf(above) };
      return { name: parameter.name, draw: samplerOf(parameter, observations, priorWeight) };
    });
    const taken = new Set<string>();
    return randoms.map((random) => {
      for (let attempt = 0; ; attempt++) {
        // The best of many is the same one again where there are few values; the best of fewer is not.
        const fewer = Math.max(1, Math.floor(candidates / 2 ** attempt));
        const assignments = Object.fromEntries(samplers.map(({ name, draw }) => [name, draw(random, fewer)]));
        const key = JSON.stringify(assignments);
        if (taken.has(key) && attempt < ATTEMPTS) continue;
        taken.add(key);
        return { assignments };
      }
    });
  },
};
