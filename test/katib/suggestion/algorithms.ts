import type { Algorithm, Parameter } from '../../../katib/algorithms/algorithm.ts';
import { type Random, randomOf } from '../../../katib/algorithms/random.ts';
import { countOf, formatNumber, lossesOf, seedOf, valueAt } from '../../../katib/algorithms/space.ts';

function draw(random: Random, parameter: Parameter): string {
  if ('list' in parameter) return valueAt(parameter, random.integer(countOf(parameter)));
  return formatNumber(parameter, parameter.min + random.uniform() * (parameter.max - parameter.min));
}

/** Draws anywhere until there are results, then only sees to it that the best of them shows in what it draws. */
const tiny: Algorithm = {
  name: 'tiny',
  validate: ({ settings }) => {
    const unknown = Object.keys(settings).filter((name) => name !== 'random_state');
    return unknown.map((name) => `Unknown setting ${name}: expected random_state`);
  },
  suggest(search, trials, first, count) {
    const best = lossesOf(search, trials).sort((one, other) => one.loss - other.loss)[0];
    return Array.from({ length: count }, (_, at) => {
      const random = randomOf(seedOf(search), first + at, JSON.stringify(best ?? null));
      return {
        assignments: Object.fromEntries(search.parameters.map((one) => [one.name, draw(random, one)])),
        labels: { best: String(best?.trial.index ?? 'none') },
      };
    });
  },
};

/** Counts up to the setting `end` and stops, or in rungs of `rung` that wait for each other. */
const counting: Algorithm = {
  name: 'counting',
  validate: () => [],
  suggest({ settings }, trials, first, count) {
    const rung = Number(settings.rung ?? Number.POSITIVE_INFINITY);
    const waits = first % rung === 0 && trials.some(({ state }) => state === 'running');
    const open = waits ? first : (Math.floor(first / rung) + 1) * rung;
    const last = Math.min(Number(settings.end ?? Number.POSITIVE_INFINITY), open);
    return Array.from({ length: Math.max(0, Math.min(count, last - first)) }, (_, at) => ({
      assignments: { lr: String(first + at) },
    }));
  },
};

const broken: Algorithm = {
  name: 'broken',
  validate: () => [],
  suggest() {
    throw new Error('a bug');
  },
};

/** Real algorithms of a few lines each. */
export function algorithmOf(name: string): Algorithm | undefined {
  return [tiny, counting, broken].find((one) => one.name === name);
}
