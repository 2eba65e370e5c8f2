/** A function of several variables with its gradient. */
export type Differentiable = (at: readonly number[]) => {
  readonly value: number;
  readonly gradient: readonly number[];
};

/** Where a search for a minimum ended. */
export interface Minimum {
  readonly at: readonly number[];
  readonly value: number;
}

/**
 * A local minimum between bounds by the method of Broyden, Fletcher, Goldfarb and Shanno, steps being cut off at the
 * bounds: for a handful of variables, so that it keeps the whole matrix where L-BFGS-B keeps a few vectors.
 */
export function minimize(
  target: Differentiable,
  start: readonly number[],
  bounds: readonly (readonly [number, number])[],
  iterations: number,
): Minimum {
  const clip = (point: readonly number[]) =>
    point.map((value, i) => Math.min(bounds[i]?.[1] ?? value, Math.max(bounds[i]?.[0] ?? value, value)));
  let at: readonly number[] = clip(start);
  let { value, gradient } = target(at);
  let inverse: number[][] | undefined;
  for (let iteration = 0; iteration < iterations; iteration++) {
    // A variable at its bound that the gradient pushes outwards stays there.
    const fixed = at.map((x, i) => {
      const [low, high] = bounds[i] ?? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
      return ((gradient[i] ?? 0) > 0 && x <= low) || ((gradient[i] ?? 0) < 0 && x >= high);
    });
    const slope = gradient.map((g, i) => (fixed[i] ? 0 : g));
    if (!(norm(slope) > 1e-9)) break;
    let direction = (inverse ?? []).map((row, i) => (fixed[i] ? 0 : -dot(row, slope)));
    if (!inverse || !(dot(direction, slope) < 0)) {
      inverse = undefined;
      const scale = 1 / Math.max(1, norm(slope));
      direction = slope.map((g) => -g * scale);
    }
    const step = search(target, clip, at, value, slope, direction);
    if (!step) {
      if (!inverse) break;
      inverse = undefined;
      continue;
    }
    const moved = step.at.map((x, i) => x - (at[i] ?? 0));
    const changed = step.gradient.map((g, i) => g - (gradient[i] ?? 0));
    const isDone = value - step.value <= 1e-10 * Math.max(1, Math.abs(value));
    inverse = updated(inverse, moved, changed);
    ({ at, value, gradient } = step);
    if (isDone) break;
  }
  return { at, value };
}

/** The first of ever shorter steps that brings the value down as far as its length promises. */
function search(
  target: Differentiable,
  clip: (point: readonly number[]) => readonly number[],
  at: readonly number[],
  value: number,
  slope: readonly number[],
  direction: readonly number[],
) {
  for (let size = 1; size > 1e-5; size /= 3) {
    const next = clip(at.map((x, i) => x + size * (direction[i] ?? 0)));
    const found = target(next);
    const gain = dot(
      slope,
      next.map((x, i) => x - (at[i] ?? 0)),
    );
    if (gain < 0 && found.value <= value + 1e-4 * gain) return { at: next, ...found };
  }
  return undefined;
}

/** The inverse of the second derivatives after a step; of the first one, a multiple of the identity. */
function updated(inverse: number[][] | undefined, moved: readonly number[], changed: readonly number[]) {
  const curvature = dot(moved, changed);
  if (!(curvature > 1e-12)) return inverse;
  const scale = curvature / dot(changed, changed);
  const old = inverse ?? moved.map((_, i) => moved.map((__, j) => (i === j ? scale : 0)));
  const product = old.map((row) => dot(row, changed));
  const factor = 1 + dot(changed, product) / curvature;
  return old.map((row, i) =>
    row.map((h, j) => {
      const [si, sj] = [moved[i] ?? 0, moved[j] ?? 0];
      return h + (factor * si * sj - si * (product[j] ?? 0) - (product[i] ?? 0) * sj) / curvature;
    }),
  );
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}

function norm(vector: readonly number[]): number {
  return Math.sqrt(dot(vector, vector));
}
