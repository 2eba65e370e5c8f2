import type { PastTrial, Search } from '../algorithm.ts';
import { lossesOf, valuesOf } from '../space.ts';
import type { AcquisitionName } from './acquisition.ts';
import type { Axis } from './axes.ts';
import { encode, type Place } from './candidates.ts';

/** A trial with a result. */
export interface Observation {
  readonly place: Place;
  readonly point: Float64Array;
  /** In standard deviations from the mean of all; the smaller the better. */
  readonly loss: number;
  /** What proposed the trial; empty for one at random. */
  readonly acquisition: AcquisitionName | '';
}

/** The trials with a result, their losses standardized; where all are equal, all are 0. */
export function observationsOf(
  search: Search,
  axes: readonly Axis[],
  trials: readonly PastTrial[],
): readonly Observation[] {
  const known = lossesOf(search, trials).filter(({ loss }) => Number.isFinite(loss));
  const mean = known.reduce((sum, { loss }) => sum + loss / known.length, 0);
  const deviation = Math.sqrt(known.reduce((sum, { loss }) => sum + (loss - mean) ** 2 / known.length, 0));
  return known.flatMap(({ trial, loss }) => {
    const place = placeOf(search, axes, trial);
    const standard = deviation > 0 ? (loss - mean) / deviation : 0;
    const acquisition = (trial.labels.acquisition ?? '') as AcquisitionName | '';
    return place ? [{ place, point: encode(axes, place), loss: standard, acquisition }] : [];
  });
}

/** Where a trial is; undefined where it was not given every parameter. */
export function placeOf(search: Search, axes: readonly Axis[], { assignments }: PastTrial): Place | undefined {
  const texts = valuesOf(search, assignments);
  return texts && axes.map((axis, i) => axis.fromText(texts[i] ?? ''));
}
