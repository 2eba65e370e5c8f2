import { sigmoid } from './network.ts';

/** How many points of each class were given which class. */
export interface Confusion {
  readonly trueZeros: number;
  readonly falseOnes: number;
  readonly falseZeros: number;
  readonly trueOnes: number;
}

/** A point of a ROC curve: the rates where every point at or over the threshold is called class 1. */
export interface RocPoint {
  /** A probability; of the first point, where nothing is called class 1, it is 1: always finite. */
  readonly threshold: number;
  readonly falsePositiveRate: number;
  readonly truePositiveRate: number;
}

export interface Roc {
  /** From (0, 0) to (1, 1); points with equal scores are one step. Empty where there is only one class. */
  readonly points: readonly RocPoint[];
  /** The area under the curve; 0.5 where there is only one class. */
  readonly auc: number;
}

/** Counts the decisions of logits: over 0, that is a probability over one half, is class 1. */
export function confusionOf(labels: Uint8Array, logits: Float32Array): Confusion {
  const counts = [0, 0, 0, 0];
  for (const [index, label] of labels.entries()) {
    const cell = label * 2 + ((logits[index] ?? 0) > 0 ? 1 : 0);
    counts[cell] = (counts[cell] ?? 0) + 1;
  }
  const [trueZeros = 0, falseOnes = 0, falseZeros = 0, trueOnes = 0] = counts;
  return { trueZeros, falseOnes, falseZeros, trueOnes };
}

/**
 * The ROC curve of logits, by sorting each class's scores and merging them from the highest down.
 *
 * @param maxPoints of the curve; the area is always that of the whole
 */
export function rocOf(labels: Uint8Array, logits: Float32Array, maxPoints = Number.POSITIVE_INFINITY): Roc {
  const zeros = logits.filter((_, index) => labels[index] === 0).sort();
  const ones = logits.filter((_, index) => labels[index] === 1).sort();
  if (zeros.length === 0 || ones.length === 0) return { points: [], auc: 0.5 };
  const points: RocPoint[] = [{ threshold: 1, falsePositiveRate: 0, truePositiveRate: 0 }];
  let falseOnes = 0;
  let trueOnes = 0;
  let area = 0;
  while (falseOnes < zeros.length || trueOnes < ones.length) {
    const score = Math.max(fromTop(zeros, falseOnes), fromTop(ones, trueOnes));
    const before = { falseOnes, trueOnes };
    while (fromTop(zeros, falseOnes) === score) falseOnes += 1;
    while (fromTop(ones, trueOnes) === score) trueOnes += 1;
    area += ((falseOnes - before.falseOnes) * (trueOnes + before.trueOnes)) / 2;
    points.push({
      threshold: sigmoid(score),
      falsePositiveRate: falseOnes / zeros.length,
      truePositiveRate: trueOnes / ones.length,
    });
  }
  return { points: thinned(corners(points), maxPoints), auc: area / zeros.length / ones.length };
}

/** The Wilson score interval of a share at 95 % confidence: unlike the normal one it is right near 0 and 1. */
export function wilsonInterval(successes: number, total: number): { low: number; high: number } {
  const z = 1.959963984540054;
  const share = successes / total;
  const spread = z * Math.sqrt((share * (1 - share)) / total + (z * z) / (4 * total * total));
  const scale = 1 + (z * z) / total;
  const middle = share + (z * z) / (2 * total);
  // The ends are exact, whatever the rounding of the square root.
  return {
    low: successes === 0 ? 0 : Math.max(0, (middle - spread) / scale),
    high: successes === total ? 1 : Math.min(1, (middle + spread) / scale),
  };
}

/** The `rank`-th highest of ascending scores; NaN, which equals nothing and is skipped by no maximum, is never returned. */
function fromTop(sorted: Float32Array, rank: number): number {
  return sorted[sorted.length - 1 - rank] ?? Number.NEGATIVE_INFINITY;
}

/** Without the points in the middle of a straight vertical or horizontal run. */
function corners(points: readonly RocPoint[]): RocPoint[] {
  return points.filter((point, index) => {
    const before = points[index - 1];
    const after = points[index + 1];
    if (!before || !after) return true;
    const upright = before.falsePositiveRate === after.falsePositiveRate;
    const level = before.truePositiveRate === after.truePositiveRate;
    return !upright && !level && point !== before;
  });
}

function thinned(points: readonly RocPoint[], maxPoints: number): RocPoint[] {
  if (points.length <= maxPoints) return [...points];
  const last = points.length - 1;
  const kept = Array.from({ length: maxPoints }, (_, index) => points[Math.round((index * last) / (maxPoints - 1))]);
  return kept.filter((point) => point !== undefined);
}
