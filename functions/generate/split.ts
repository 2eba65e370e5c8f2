import type { DatasetSpec } from '../../events/spec.ts';
import { encodePoints } from '../dataset/arrow.ts';
import { balanceOf } from '../dataset/points.ts';
import { makePoints, type Split } from '../dataset/xor.ts';

/** A split as it is stored, and how many of its points have which label. */
export interface GeneratedSplit {
  readonly file: Uint8Array;
  readonly balance: { readonly zeros: number; readonly ones: number };
}

/** Generates one split, down to the bytes of its file. */
export function generateSplit({ spec, split }: { spec: DatasetSpec; split: Split }): GeneratedSplit {
  const points = makePoints(spec, split);
  return { file: encodePoints(points), balance: balanceOf(points) };
}
