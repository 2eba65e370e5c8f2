import { parameterCount, type ResolvedModel } from '../../../../events/spec.ts';
import { batchesOf } from '../batches.ts';

/** Parts of a batch that threads share out among them (`kernel/plan.ts`). */
const CHUNKS = 4;

/** Operations that take less than a thread takes to come up: some 50 milliseconds. */
const SMALL_TRAINING = 2e9;

/** Operations of a batch that take less than threads take to agree on it: some fifty microseconds. */
const SMALL_BATCH = 1e6;

/**
 * How many threads a training gains from, at most. Measured on two CPUs: two threads take 0.57 of the time of one for
 * [2, 16, 16, 1] with 10,000 points in one batch, 0.75 for [2, 16, 1], and longer than one for batches of 64.
 */
export function threadsFor(dims: number, points: number, model: ResolvedModel): number {
  const { epochs, batchSize } = model.training;
  // A multiplication and an addition each, in three passes.
  const perPoint = 6 * parameterCount(dims, model.hidden);
  const batch = batchesOf(points, batchSize)[0]?.end ?? 0;
  return perPoint * points * epochs < SMALL_TRAINING || perPoint * batch < SMALL_BATCH ? 1 : CHUNKS;
}
