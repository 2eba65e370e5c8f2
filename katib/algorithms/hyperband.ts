import { quoteValue } from '../../events/issues.ts';
import type { Algorithm, PastTrial, Search, Suggestion } from './algorithm.ts';
import { integerRule, numberRule, SEED_RULE, type SettingRule, settingIssues, spaceIssues } from './issues.ts';
import { drawFromPrior, priorIssues } from './prior.ts';
import { randomOf } from './random.ts';
import { lossesOf, seedOf } from './space.ts';

/** Trials that get the same amount of the resource, of which the best ones go on to the next rung of their bracket. */
export interface Rung {
  /** From the one that starts with the least, down to 0, whose trials get all at once. */
  readonly bracket: number;
  readonly rung: number;
  readonly trials: number;
  readonly resource: number;
}

const RULES = {
  eta: integerRule(2),
  r_l: { expected: 'a number from 1', fits: (text) => numberRule(0).fits(text) && Number(text) >= 1 },
  random_state: SEED_RULE,
  resource_name: { expected: 'the name of a parameter', fits: (text) => text !== '' },
} satisfies Record<string, SettingRule>;

/**
 * Brackets in the order in which they run, with their rungs: what Katib's service gives for the same settings. A rung has
 * the eta-th part of the trials before, rounded up (in the paper: down), and eta times the resource, in whole numbers.
 * Where `r_l` is a power of eta it is known as one; Katib misses it for 243 and 3, or 1000 and 10, by rounding.
 *
 * @see https://jmlr.org/papers/v18/16-558.html
 */
export function rungsOf({ settings }: Search): readonly (readonly Rung[])[] {
  const most = Number(settings.r_l);
  const eta = Number(settings.eta ?? 3);
  const last = depthOf(most, eta);
  return Array.from({ length: last + 1 }, (_, i) => {
    const bracket = last - i;
    const trials = Math.ceil(((last + 1) * eta ** bracket) / (bracket + 1));
    const resource = Math.floor(most / eta ** bracket);
    return Array.from({ length: bracket + 1 }, (__, rung) => ({
      bracket,
      rung,
      trials: Math.ceil(trials / eta ** rung),
      resource: resource * eta ** rung,
    }));
  });
}

/**
 * Successive halving in brackets, as Katib's `hyperband`: many trials get little of a resource (the parameter that
 * `resource_name` names, such as the number of epochs), and the best of them more. After the last bracket there is nothing
 * more, as in Katib. What a suggestion is follows from its index and the values of the trials before.
 *
 * A rung may be asked for in any portions: there is none to be had while the rung before it runs, so ask again after the
 * next result. Trials that failed lose, those that were stopped early count with their value; with too few results a rung
 * is smaller. Parameters are drawn from their `distribution`, which Katib's service ignores.
 */
export const hyperband: Algorithm = {
  name: 'hyperband',
  validate: (search) => [
    ...settingIssues(search, 'hyperband', RULES),
    ...resourceIssues(search),
    ...drawIssues(search),
  ],
  suggest(search, trials, first, count) {
    const known = new Map(trials.map((trial) => [trial.index, trial]));
    const suggestions: Suggestion[] = [];
    let start = 0;
    for (const bracket of rungsOf(search)) {
      let before: readonly PastTrial[] | undefined;
      for (const rung of bracket) {
        const parents = before && rankOf(search, before).slice(0, rung.trials);
        const end = start + (parents?.length ?? rung.trials);
        for (let index = Math.max(first, start); index < end; index++) {
          if (suggestions.length === count) return suggestions;
          const parent = parents?.[index - start];
          suggestions.push(suggestionOf(search, rung, parent?.assignments ?? drawAt(search, index)));
        }
        const members = Array.from({ length: end - start }, (_, i) => start + i);
        start = end;
        // A trial that is not known had no metrics, which is a failure.
        before = members.flatMap((index) => known.get(index) ?? []);
        const runs = members.some((index) => index >= first || known.get(index)?.state === 'running');
        if (runs && rung.rung < rung.bracket) return suggestions;
      }
    }
    return suggestions;
  },
};

/** The largest power of eta that is not above `most`. */
function depthOf(most: number, eta: number): number {
  let depth = 0;
  while (eta ** (depth + 1) <= most) depth++;
  return depth;
}

/** Those that have a value, the best first; of equals, the first one. */
function rankOf(search: Search, trials: readonly PastTrial[]): readonly PastTrial[] {
  return lossesOf(search, trials)
    .filter(({ loss }) => Number.isFinite(loss))
    .sort((a, b) => a.loss - b.loss)
    .map(({ trial }) => trial);
}

function drawAt(search: Search, index: number): Record<string, string> {
  const random = randomOf(seedOf(search), 'hyperband', index);
  return Object.fromEntries(search.parameters.map((parameter) => [parameter.name, drawFromPrior(parameter, random)]));
}

function suggestionOf({ settings }: Search, rung: Rung, assignments: Readonly<Record<string, string>>): Suggestion {
  return {
    assignments: { ...assignments, [settings.resource_name ?? '']: String(rung.resource) },
    labels: { bracket: String(rung.bracket), rung: String(rung.rung) },
  };
}

function resourceIssues({ settings, parameters, parallelTrialCount }: Search): readonly string[] {
  const missing = ['r_l', 'resource_name'].filter((name) => settings[name] === undefined);
  if (missing.length > 0)
    return missing.map((name) => `Missing setting ${name} at spec.algorithm.algorithmSettings: hyperband needs it`);
  const place = 'spec.algorithm.algorithmSettings.resource_name';
  const resource = parameters.find(({ name }) => name === settings.resource_name);
  if (!resource)
    return [`Wrong value ${quoteValue(settings.resource_name)} at ${place}: expected the name of a parameter`];
  const issues: string[] = [];
  if ('list' in resource)
    issues.push(
      `Wrong value ${quoteValue(resource.name)} at ${place}: expected a parameter of type int or double, not ${resource.type}`,
    );
  const eta = settings.eta ?? '3';
  if (!RULES.eta.fits(eta) || !RULES.r_l.fits(settings.r_l ?? '')) return issues;
  const least = Number(eta) ** depthOf(Number(settings.r_l), Number(eta));
  if (parallelTrialCount < least)
    issues.push(
      `Wrong value ${parallelTrialCount} at spec.parallelTrialCount: expected at least ${least}, as Katib's hyperband runs so many trials at once for r_l ${settings.r_l} and eta ${eta}`,
    );
  return issues;
}

/** The resource is never drawn, and a range of one value is fine. */
function drawIssues(search: Search): readonly string[] {
  const drawn = search.parameters.filter(
    (parameter) =>
      parameter.name !== search.settings.resource_name && ('list' in parameter || parameter.min !== parameter.max),
  );
  const resource = search.parameters.filter((parameter) => !drawn.includes(parameter));
  return [...spaceIssues({ ...search, parameters: resource }), ...priorIssues({ ...search, parameters: drawn })];
}
