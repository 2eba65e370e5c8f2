import type { Random } from '../random.ts';
import type { Dimension } from './dimension.ts';
import { pick } from './normal.ts';
import type { Observation, Point } from './observations.ts';
import { forgettingWeights, type Split } from './split.ts';

/** A density over all parameters at once: a kernel at every observation, and one for what is known before, of weight 1. */
interface Estimator {
  draw(random: Random): Point;
  logDensity(point: Point): number;
}

function estimatorOf(observations: readonly Observation[], dimensions: readonly Dimension[]): Estimator {
  const weights = [...forgettingWeights(observations.length), 1];
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const logWeights = Float64Array.from(weights, (weight) => Math.log(weight / total));
  const kernels = dimensions.map((dimension, at) =>
    dimension.kernelsOf(
      observations.map(({ point }) => point[at] ?? 0),
      dimensions.length,
    ),
  );
  return {
    draw(random) {
      const index = pick(random, weights);
      return kernels.map((kernel) => kernel.draw(index, random));
    },
    logDensity(point) {
      const logs = logWeights.slice();
      kernels.forEach((kernel, at) => {
        kernel.addLogs(point[at] ?? 0, logs);
      });
      const largest = logs.reduce((a, b) => Math.max(a, b));
      return largest + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - largest), 0));
    },
  };
}

/** Of so many draws from the density of the good observations, the one that is likeliest by comparison with all others. */
export function likeliestPoint(
  { below, above }: Split<Observation>,
  dimensions: readonly Dimension[],
  candidates: number,
  random: Random,
): Point {
  const good = estimatorOf(below, dimensions);
  const rest = estimatorOf(above, dimensions);
  let best = good.draw(random);
  let score = good.logDensity(best) - rest.logDensity(best);
  for (let i = 1; i < candidates; i++) {
    const candidate = good.draw(random);
    const other = good.logDensity(candidate) - rest.logDensity(candidate);
    if (other > score) [best, score] = [candidate, other];
  }
  return best;
}
