import type { Assignments, Parameter, PastTrial, Search } from '../algorithm.ts';
import { lossesOf, valuesOf } from '../space.ts';

/** What one trial tried: of each parameter, in order, the number, or the index in its list. */
export type Point = readonly number[];

/** A point with what came of it, the smaller the better. */
export interface Observation {
  readonly point: Point;
  readonly loss: number;
}

function numberOf(parameter: Parameter, text: string): number {
  if ('list' in parameter) return parameter.list.indexOf(text);
  return Math.min(parameter.max, Math.max(parameter.min, Number(text)));
}

/** What a trial tried; undefined where that is no point of this search. */
function pointOf(search: Search, assignments: Assignments): Point | undefined {
  const point = valuesOf(search, assignments)?.map((text, i) => {
    const parameter = search.parameters[i];
    return parameter ? numberOf(parameter, text) : Number.NaN;
  });
  const isThere = point?.every((value, i) => {
    const parameter = search.parameters[i];
    return parameter && 'list' in parameter ? value >= 0 : Number.isFinite(value);
  });
  return isThere ? point : undefined;
}

/** Of each trial that has a value, in the order of creation. */
export function observationsOf(search: Search, trials: readonly PastTrial[]): readonly Observation[] {
  return lossesOf(search, trials).flatMap(({ trial, loss }) => {
    const point = pointOf(search, trial.assignments);
    return point && !Number.isNaN(loss) ? [{ point, loss }] : [];
  });
}

/**
 * The constant liar: of each trial that has a value or is running, the latter with the worst loss there is. One that has
 * failed counts as running, since Katib never tells Optuna otherwise: so what has failed is not tried again.
 */
export function observationsWithRunning(search: Search, trials: readonly PastTrial[]): readonly Observation[] {
  return trials.flatMap((trial) => {
    if (trial.state !== 'running' && trial.state !== 'failed') return observationsOf(search, [trial]);
    const point = pointOf(search, trial.assignments);
    return point ? [{ point, loss: Number.POSITIVE_INFINITY }] : [];
  });
}
