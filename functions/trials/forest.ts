import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** A box of the unit cube for which a tree says one value. */
export interface Leaf {
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly value: number;
}

export interface Forest {
  /** The leaves of each tree: together they fill the cube without overlapping. */
  readonly trees: readonly (readonly Leaf[])[];
  /**
   * The share of the variance that the forest tells of points that a tree has not seen (out of bag): 1 is all of it, 0 or
   * less none.
   */
  readonly explained: number;
}

/** One coordinate of all points, in [0, 1]. */
export interface Column {
  readonly values: readonly number[];
  /** The coordinate is one of so many equal cells, and is cut between them; 0 for any number. */
  readonly levels: number;
}

const TREES = 64;
/** More points than these make no better picture, but a longer wait. */
const MAX_SAMPLE = 1_000;
const SEED = 42;

type Draw = (count: number) => number;

interface Growing {
  readonly columns: readonly Column[];
  readonly targets: readonly number[];
  /** How often each point is in the tree's sample. */
  readonly weights: readonly number[];
  readonly draw: Draw;
  readonly leaves: Leaf[];
  readonly guess: (point: number, value: number) => void;
}

/** What a part of a tree knows: its box, the points of the sample in it, by their order along each axis, and the unseen ones. */
interface Part {
  readonly low: readonly number[];
  readonly high: readonly number[];
  readonly orders: readonly Int32Array[];
  readonly unseen: Int32Array;
}

/**
 * A random forest for regression (Breiman 2001): trees that are grown to the end, each on a bootstrap sample, which cut
 * where the variance sinks most. The same points give the same forest.
 */
export function growForest(columns: readonly Column[], targets: readonly number[]): Forest {
  const generator = xoroshiro128plus(SEED);
  const draw: Draw = (count) => uniformInt(generator, 0, count - 1);
  const points = Int32Array.from(targets.keys());
  // Sorted once: a part of a sorted list is sorted.
  const sorted = columns.map(({ values }) => points.toSorted((a, b) => (values[a] ?? 0) - (values[b] ?? 0)));
  const guesses = targets.map(() => ({ sum: 0, count: 0 }));
  const guess = (point: number, value: number) => {
    const own = guesses[point];
    if (!own) return;
    own.sum += value;
    own.count += 1;
  };
  const trees = Array.from({ length: TREES }, () => {
    const weights = targets.map(() => 0);
    for (let drawn = Math.min(points.length, MAX_SAMPLE); drawn > 0; drawn--) {
      const point = draw(points.length);
      weights[point] = (weights[point] ?? 0) + 1;
    }
    const isSeen = (point: number) => (weights[point] ?? 0) > 0;
    const leaves: Leaf[] = [];
    grow(
      { columns, targets, weights, draw, leaves, guess },
      {
        low: columns.map(() => 0),
        high: columns.map(() => 1),
        orders: sorted.map((order) => order.filter(isSeen)),
        unseen: points.filter((point) => !isSeen(point)),
      },
    );
    return leaves;
  });
  return { trees, explained: explainedBy(guesses, targets) };
}

function grow(growing: Growing, part: Part): void {
  const { columns, leaves, guess } = growing;
  const { low, high, orders, unseen } = part;
  const mean = meanIn(growing, part);
  const cut = bestCut(growing, part, mean);
  if (!cut) {
    leaves.push({ low, high, value: mean });
    for (const point of unseen) guess(point, mean);
    return;
  }
  const { axis, at } = cut;
  const isLeft = (point: number) => (columns[axis]?.values[point] ?? 0) < at;
  const isRight = (point: number) => !isLeft(point);
  const keep = (isKept: (point: number) => boolean) => ({
    orders: orders.map((order) => order.filter(isKept)),
    unseen: unseen.filter(isKept),
  });
  grow(growing, { low, high: high.with(axis, at), ...keep(isLeft) });
  grow(growing, { low: low.with(axis, at), high, ...keep(isRight) });
}

function meanIn({ targets, weights }: Growing, { orders }: Part): number {
  let sum = 0;
  let weight = 0;
  for (const point of orders[0] ?? []) {
    sum += (targets[point] ?? 0) * (weights[point] ?? 0);
    weight += weights[point] ?? 0;
  }
  return sum / Math.max(1, weight);
}

/** The cut after which the values on each side differ least; undefined where nothing can be told apart. */
function bestCut(growing: Growing, { orders }: Part, mean: number): { axis: number; at: number } | undefined {
  const { columns, targets, weights, draw } = growing;
  const [points = new Int32Array()] = orders;
  const first = targets[points[0] ?? 0];
  if (points.every((point) => targets[point] === first)) return undefined;
  const total = points.reduce((sum, point) => sum + (weights[point] ?? 0), 0);
  let best: { axis: number; at: number } | undefined;
  let gained = 0;
  // Two points can be told apart by any axis: always taking the first would make it look important.
  for (const axis of shuffled(columns.length, draw)) {
    const { values = [], levels = 0 } = columns[axis] ?? {};
    const order = orders[axis] ?? points;
    let weight = 0;
    let left = 0;
    for (let index = 1; index < order.length; index++) {
      const point = order[index - 1] ?? 0;
      const own = weights[point] ?? 0;
      weight += own;
      left += ((targets[point] ?? 0) - mean) * own;
      const before = values[point] ?? 0;
      const after = values[order[index] ?? 0] ?? 0;
      if (before === after) continue;
      // The differences from the mean sum to 0, so that the right side sums to the negative of the left.
      const gain = left ** 2 / weight + left ** 2 / (total - weight);
      if (gain <= gained * (1 + 1e-12)) continue;
      gained = gain;
      best = { axis, at: between(before, after, levels) };
    }
  }
  return best;
}

/** The middle between two places; of levels the border of a cell, so that a cell is never cut. */
function between(before: number, after: number, levels: number): number {
  const middle = (before + after) / 2;
  return levels === 0 ? middle : Math.round(middle * levels + 1e-9) / levels;
}

function shuffled(count: number, draw: Draw): number[] {
  const order = Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = draw(last + 1);
    [order[last], order[other]] = [order[other] ?? 0, order[last] ?? 0];
  }
  return order;
}

function explainedBy(guesses: readonly { sum: number; count: number }[], targets: readonly number[]): number {
  const known = targets.flatMap((target, point) => {
    const { sum = 0, count = 0 } = guesses[point] ?? {};
    return count > 0 ? [{ target, guess: sum / count }] : [];
  });
  const mean = meanOf(known.map(({ target }) => target));
  const total = known.reduce((sum, { target }) => sum + (target - mean) ** 2, 0);
  const left = known.reduce((sum, { target, guess }) => sum + (target - guess) ** 2, 0);
  return total === 0 ? 0 : 1 - left / total;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
