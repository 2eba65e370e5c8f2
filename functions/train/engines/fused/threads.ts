import { batchesOf } from '../batches.ts';
import { COSTS, estimateMs, type Work } from '../cost.ts';

/** Milliseconds of a training that are over before a thread has come up. */
const SMALL_TRAINING = 60;

/** Milliseconds of a batch that are less than threads take to agree on it. */
const SMALL_BATCH = 0.025;

/**
 * How many threads a training gains from, at most. Measured on two CPUs: two threads take 0.57 of the time of one for
 * [2, 16, 16, 1] with 10,000 points in one batch, 0.75 for [2, 16, 1], and longer than one for batches of 64.
 */
export function threadsFor(work: Work): number {
  const { points, model } = work;
  const { epochs, batchSize } = model.training;
  const whole = estimateMs('fused', work);
  const batches = epochs * batchesOf(points, batchSize).length;
  return whole < SMALL_TRAINING || whole / batches < SMALL_BATCH ? 1 : COSTS.fused.most;
}
