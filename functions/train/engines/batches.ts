import { uniformInt } from 'pure-rand/distribution/uniformInt';
import type { TrainingSpec } from '../../../events/spec.ts';
import { streamOf } from '../../dataset/streams.ts';

/** The rows of one optimizer step, from `start` to before `end` of the epoch's order. */
export interface Batch {
  readonly start: number;
  readonly end: number;
}

/** Cuts `size` rows into batches; the last may be smaller. */
export function batchesOf(size: number, batchSize: TrainingSpec['batchSize']): Batch[] {
  const rows = batchSize === 'full' ? size : Math.min(batchSize, size);
  return Array.from({ length: Math.ceil(size / rows) }, (_, index) => ({
    start: index * rows,
    end: Math.min(size, (index + 1) * rows),
  }));
}

/**
 * The order in which each epoch goes through the rows: another one every epoch, by the seed alone (Fisher and Yates).
 * Undefined where one batch holds them all, as its order does not matter.
 */
export function makeOrder(size: number, batches: number, seed: number): (() => Uint32Array) | undefined {
  if (batches === 1) return undefined;
  const order = Uint32Array.from({ length: size }, (_, index) => index);
  const stream = streamOf(seed, 'order');
  return () => {
    for (let last = size - 1; last > 0; last--) {
      const other = uniformInt(stream, 0, last);
      const kept = order[last] ?? 0;
      order[last] = order[other] ?? 0;
      order[other] = kept;
    }
    return order;
  };
}
