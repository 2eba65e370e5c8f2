import type { Column } from '../dataset/arrow.ts';

/** One metric over the epochs, with few enough points to draw. */
export interface Curve {
  readonly epochs: readonly number[];
  readonly values: readonly number[];
}

/** What the charts tell of a training. */
export interface History {
  readonly epochs: number;
  readonly loss: Curve;
  readonly accuracy: Curve;
  readonly validationLoss: Curve;
  readonly validationAccuracy: Curve;
  /** The first epoch with {@link GOAL} of the validation points right, if there was one. */
  readonly goalEpoch: number | undefined;
}

/** The share of validation points at which a model counts as having solved the problem. */
export const GOAL = 0.99;

/** Reads the columns of a history file. */
export function historyOf(columns: Readonly<Record<string, Column>>, maxPoints: number): History {
  const epochs = columns.epoch ?? new Uint32Array();
  const thin = (name: string) => thinCurve(epochs, columns[name] ?? new Float32Array(), maxPoints);
  const goal = columns.validation_accuracy?.findIndex((accuracy: number) => accuracy >= GOAL) ?? -1;
  return {
    epochs: epochs[epochs.length - 1] ?? 0,
    loss: thin('loss'),
    accuracy: thin('accuracy'),
    validationLoss: thin('validation_loss'),
    validationAccuracy: thin('validation_accuracy'),
    goalEpoch: goal < 0 ? undefined : epochs[goal],
  };
}

/**
 * Leaves out points of a curve, but never its first, its last, nor the lowest and the highest of a stretch:
 * a spike of one epoch in a million stays to be seen.
 */
export function thinCurve(epochs: ArrayLike<number>, values: ArrayLike<number>, maxPoints: number): Curve {
  const kept: number[] = [];
  const size = Math.min(epochs.length, values.length);
  if (size <= maxPoints) {
    for (let index = 0; index < size; index++) kept.push(index);
  } else {
    const inner = size - 2;
    const stretches = Math.max(1, Math.floor((maxPoints - 2) / 2));
    kept.push(0);
    for (let stretch = 0; stretch < stretches; stretch++) {
      const from = 1 + Math.floor((stretch * inner) / stretches);
      const to = 1 + Math.floor(((stretch + 1) * inner) / stretches);
      let low = from;
      let high = from;
      for (let index = from; index < to; index++) {
        if (at(values, index) < at(values, low)) low = index;
        if (at(values, index) > at(values, high)) high = index;
      }
      kept.push(Math.min(low, high));
      if (low !== high) kept.push(Math.max(low, high));
    }
    kept.push(size - 1);
  }
  return { epochs: kept.map((index) => at(epochs, index)), values: kept.map((index) => at(values, index)) };
}

const at = (values: ArrayLike<number>, index: number) => values[index] ?? Number.NaN;
