import type { Metrics } from '../../events/parts.ts';
import { type Confusion, type Roc, wilsonInterval } from '../model/classification.ts';
import type { History } from './curve.ts';

/** What looking at the test points makes of one model. */
export interface Evaluation {
  readonly history: History;
  readonly confusion: Confusion;
  readonly roc: Roc;
  /** Of two-dimensional models. */
  readonly surface?: Surface;
}

/** The probability of class 1 over the unit square. */
export interface Surface {
  /** Along each side; `values[row * cells + column]`, rows along the second coordinate, each taken at the cell's middle. */
  readonly cells: number;
  readonly values: readonly number[];
  /** The share of the square in the right class, counted on a grid finer than the cells. */
  readonly right: number;
}

export interface ComparedModel extends Evaluation {
  readonly name: string;
  readonly validation: Metrics;
  readonly test: Metrics;
}

/** Everything that the charts show, the models in the order of the spec. */
export interface Comparison {
  readonly experimentName: string;
  readonly models: readonly ComparedModel[];
  /** Some of the test points, of two-dimensional datasets. */
  readonly samples: readonly { readonly x0: number; readonly x1: number; readonly label: number }[];
}

/** How many test points there are. */
export function testSizeOf({ models }: Comparison): number {
  const cells = models[0]?.confusion;
  return cells ? cells.trueZeros + cells.falseOnes + cells.falseZeros + cells.trueOnes : 0;
}

/** The accuracy of always answering with the commoner class of the test points. */
export function chanceOf(comparison: Comparison): number {
  const size = testSizeOf(comparison);
  const cells = comparison.models[0]?.confusion;
  const ones = cells ? cells.falseZeros + cells.trueOnes : 0;
  return size === 0 ? 0.5 : Math.max(ones, size - ones) / size;
}

/** The 95 % interval of a model's test accuracy. */
export function intervalOf(model: ComparedModel, comparison: Comparison): { low: number; high: number } {
  const size = testSizeOf(comparison);
  return wilsonInterval(model.test.accuracy * size, size);
}

/** Whether the test points do not tell the model from guessing. */
export function isAtChance(model: ComparedModel, comparison: Comparison): boolean {
  return intervalOf(model, comparison).low <= chanceOf(comparison);
}

/** The models with the highest and the lowest value; of equals the one that comes first in the spec. */
export function extremes(
  models: readonly ComparedModel[],
  value: (model: ComparedModel) => number,
): { highest: ComparedModel; lowest: ComparedModel } {
  const [first, ...rest] = models;
  if (!first) throw new RangeError('No models to compare: expected at least one');
  let highest = first;
  let lowest = first;
  for (const model of rest) {
    if (value(model) > value(highest)) highest = model;
    if (value(model) < value(lowest)) lowest = model;
  }
  return { highest, lowest };
}
