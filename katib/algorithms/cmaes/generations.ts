import type { NumericParameter, PastTrial, Search } from '../algorithm.ts';
import { randomOf } from '../random.ts';
import { formatNumber, lossesOf, seedOf } from '../space.ts';
import { type Evolution, evolve, type Solution, sampleOf } from './evolution.ts';
import { firstRun, isOver, nextRun, type Run, type Strategy } from './restarts.ts';

/** Where an evolution stands after the trials so far. */
export interface Standing {
  readonly run: Run;
  /** Number of the generation that is under way, from 0, over all runs. */
  readonly generation: number;
  /** Trials of the generation before which had no result yet when it was closed, and are left out for ever. */
  readonly late: readonly number[];
}

/** The parameters that evolve; lists have no order and are drawn beside. */
export function evolvingOf({ parameters }: Search): readonly NumericParameter[] {
  return parameters.filter((parameter): parameter is NumericParameter => !('list' in parameter));
}

/**
 * Repeats the evolution from the trials: a generation is closed as soon as enough of its trials have a result, and the
 * first ones by index count. Trials without the label of a generation are not learned from.
 */
export function standingOf(search: Search, trials: readonly PastTrial[]): Standing {
  const strategy = (search.settings.restart_strategy ?? 'none') as Strategy;
  const losses = new Map(lossesOf(search, trials).map(({ trial, loss }) => [trial, loss]));
  const generations = Map.groupBy(trials, ({ labels }) => Number(labels.generation ?? Number.NaN));
  let run = firstRun(evolvingOf(search).length, sigmaOf(search));
  let late: readonly number[] = [];
  for (let generation = 0; ; generation++) {
    const members = generations.get(generation) ?? [];
    const [successor] = generations.get(generation + 1) ?? [];
    const { evolution } = run;
    const left = successor && parseLate(successor.labels);
    const used = members
      .filter((trial) => Number.isFinite(losses.get(trial)) && !left?.includes(trial.index))
      .slice(0, evolution.rates.population);
    const last = used.at(-1);
    if (!last || used.length < evolution.rates.population) return { run, generation, late };
    late =
      left ?? members.filter(({ index, state }) => state === 'running' && index < last.index).map(({ index }) => index);
    run = {
      ...run,
      evolution: evolve(
        evolution,
        used.map((trial) => solutionOf(search, evolution, trial, losses.get(trial) ?? 0)),
      ),
    };
    if (strategy !== 'none' && isOver(run.evolution))
      run = nextRun(run, strategy, randomOf(seedOf(search), 'cmaes', 'restart', generation));
  }
}

/** The sample of a suggestion in the unit cube, the same whenever it is asked for. */
export function pointOf(search: Search, evolution: Evolution, index: number): readonly number[] {
  return sampleOf(evolution, randomOf(seedOf(search), 'cmaes', index));
}

/** A coordinate of the unit cube as the parameter's value. */
export function textOf(parameter: NumericParameter, coordinate: number): string {
  return formatNumber(parameter, parameter.min + coordinate * (parameter.max - parameter.min));
}

/** The labels of a suggestion. Kubernetes takes 63 letters in one. */
export function labelsOf({ generation, late }: Standing): Readonly<Record<string, string>> {
  const labels: Record<string, string> = { generation: String(generation) };
  for (let at = 0; at < late.length; at += 8) labels[`late-${at / 8}`] = late.slice(at, at + 8).join('.');
  return labels;
}

function parseLate(labels: Readonly<Record<string, string>>): readonly number[] {
  return Object.entries(labels).flatMap(([name, text]) =>
    name.startsWith('late-') ? text.split('.').map(Number) : [],
  );
}

/**
 * What a trial tells: its sample before it was rounded to the parameter's steps, as the distribution learns from what it
 * drew; or what the trial was given, where that is something else.
 */
function solutionOf(search: Search, evolution: Evolution, trial: PastTrial, loss: number): Solution {
  const drawn = pointOf(search, evolution, trial.index);
  const point = evolvingOf(search).map((parameter, i) => {
    const coordinate = drawn[i] ?? 0;
    const given = trial.assignments[parameter.name] ?? '';
    if (given === textOf(parameter, coordinate)) return coordinate;
    return Math.min(1, Math.max(0, (Number(given) - parameter.min) / (parameter.max - parameter.min)));
  });
  return { point, loss };
}

/** In the unit cube; the setting is in the units of the narrowest parameter. */
function sigmaOf(search: Search): number {
  const { sigma } = search.settings;
  if (sigma === undefined) return 1 / 6;
  return Number(sigma) / Math.min(...evolvingOf(search).map(({ min, max }) => max - min));
}
