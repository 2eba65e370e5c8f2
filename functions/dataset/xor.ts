import type { SPLITS } from '../../events/parts.ts';
import type { DatasetSpec } from '../../events/spec.ts';
import { allocatePoints, type Points } from './points.ts';
import { type Purpose, streamOf, uniform } from './streams.ts';

export type Split = (typeof SPLITS)[number] & Purpose;

/** How many points a split has. */
export function sizeOf(spec: DatasetSpec, split: Split): number {
  return { train: spec.trainSize, validation: spec.validationSize, test: spec.testSize }[split];
}

/**
 * One split of the XOR problem: points uniform in the unit cube, each labelled with the parity of its rounded coordinates.
 * Drawn point by point, so that a smaller split is the beginning of a larger one.
 */
export function makePoints(spec: DatasetSpec, split: Split): Points {
  const points = allocatePoints(spec.dims, sizeOf(spec, split));
  const { coordinates, labels, size } = points;
  const stream = streamOf(spec.seed, split);
  for (let index = 0; index < size; index++) {
    let label = 0;
    for (const column of coordinates) {
      const value = uniform(stream);
      column[index] = value;
      label ^= Math.round(value);
    }
    labels[index] = label;
  }
  return points;
}
