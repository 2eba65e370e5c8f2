import type { Random } from '../random.ts';
import { ACQUISITIONS, type AcquisitionName } from './acquisition.ts';
import type { Axis } from './axes.ts';
import type { Posterior } from './gaussian-process.ts';
import { minimize } from './minimize.ts';

/** Candidates anywhere, and about each of the best trials at each distance. */
const ANYWHERE = 1000;
const NEAR = 40;
const DISTANCES = [0.1, 0.02];
/** Of the best candidates, how many are improved on, and by how many steps. */
const REFINED = 3;
const STEPS = 10;
/** What is left to choose from where the first ones were tried before. */
const RANKED = 50;
/** For the slope of an acquisition function. */
const DIFFERENCE = 1e-6;

/** A value of each axis. */
export type Place = readonly number[];

/** The coordinates of a place, as the Gaussian process takes them. */
export function encode(axes: readonly Axis[], place: Place): Float64Array {
  const point = new Float64Array(axes.reduce((sum, { width }) => sum + width, 0));
  let at = 0;
  axes.forEach((axis, i) => {
    axis.write(place[i] ?? 0, point, at);
    at += axis.width;
  });
  return point;
}

/** Places to choose from: some anywhere, some near the best trials. */
export function drawCandidates(axes: readonly Axis[], best: readonly Place[], random: Random): readonly Place[] {
  const anywhere = Array.from({ length: ANYWHERE }, () => axes.map((axis) => axis.draw(random)));
  const near = best.flatMap((place) =>
    DISTANCES.flatMap((distance) =>
      Array.from({ length: NEAR }, () => axes.map((axis, i) => axis.near(place[i] ?? 0, distance, random))),
    ),
  );
  return [...anywhere, ...near];
}

/**
 * The candidates that an acquisition function ranks first, the best one in front; with `refines`, the first few are
 * improved along the continuous axes by gradient, as scikit-optimize does with L-BFGS-B.
 */
export function rankCandidates(
  axes: readonly Axis[],
  candidates: readonly Place[],
  posterior: Posterior,
  best: number,
  name: AcquisitionName,
  refines: boolean,
): readonly Place[] {
  const worth = (place: Place) => ACQUISITIONS[name](posterior.predict(encode(axes, place)), best);
  const ranked = candidates
    .map((place) => ({ place, value: worth(place) }))
    .sort((a, b) => a.value - b.value)
    .slice(0, RANKED);
  const refined =
    refines && axes.some(({ isContinuous }) => isContinuous)
      ? ranked.slice(0, REFINED).map(({ place }) => refine(axes, place, worth))
      : [];
  return [...refined.sort((a, b) => a.value - b.value), ...ranked].map(({ place }) => place);
}

function refine(axes: readonly Axis[], place: Place, worth: (place: Place) => number) {
  const moving = axes.flatMap(({ isContinuous }, i) => (isContinuous ? [i] : []));
  const moved = (at: readonly number[]) => {
    const next = [...place];
    moving.forEach((axis, k) => {
      next[axis] = at[k] ?? 0;
    });
    return next;
  };
  const { at, value } = minimize(
    (at) => {
      const value = worth(moved(at));
      const gradient = at.map((x, k) => {
        // Away from the border, beyond which there is nothing.
        const step = x > 0.5 ? -DIFFERENCE : DIFFERENCE;
        return (worth(moved(at.with(k, x + step))) - value) / step;
      });
      return { value, gradient };
    },
    moving.map((axis) => place[axis] ?? 0),
    moving.map(() => [0, 1] as const),
    STEPS,
  );
  return { place: moved(at), value };
}
