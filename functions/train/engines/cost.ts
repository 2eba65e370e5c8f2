import { parameterCount, type ResolvedModel } from '../../../events/spec.ts';
import { batchesOf } from './batches.ts';

/** What a training costs by: its points in so many dimensions, and its model. */
export interface Work {
  readonly dims: number;
  readonly points: number;
  readonly model: ResolvedModel;
}

interface Cost {
  /** Of a weight at a point: a multiplication and an addition in each of three passes. */
  readonly weight: number;
  /** Of a unit's activation at a point, there and back. */
  readonly relu: number;
  readonly tanh: number;
  readonly sigmoid: number;
  /** Of a parameter in an optimizer step. */
  readonly parameter: number;
  /** Of a layer in an optimizer step, however small. */
  readonly layer: number;
  /** CPUs that the costs were measured on. */
  readonly cpus: number;
  /** CPUs that it can use. */
  readonly most: number;
}

/**
 * Nanoseconds, fitted to what `npm run bench -- cost` measures (two cores of an AMD EPYC with AVX-512, November 2026).
 * They put the crossover from the kernel to the native library at about 500 units in each of two hidden layers that
 * meet, with batches of a thousand points and more.
 */
export const COSTS = {
  fused: { weight: 0.167, relu: 0.16, tanh: 2.8, sigmoid: 1.8, parameter: 9, layer: 0, cpus: 1, most: 4 },
  native: { weight: 0.042, relu: 12, tanh: 14, sigmoid: 12, parameter: 27, layer: 208_000, cpus: 2, most: 64 },
  wasm: { weight: 0.27, relu: 14, tanh: 16, sigmoid: 14, parameter: 27, layer: 100_000, cpus: 1, most: 1 },
} as const satisfies Record<string, Cost>;

/**
 * Nanoseconds of engine `fused` where units are lines in a plane (`fused/kernel/halfplanes.ts`): of a point, and of a unit at
 * a point, most of which are not looked at.
 */
const HALFPLANES = { point: 4, unit: 0.08 };

/** How much of another CPU is a gain. */
const GAIN = 0.85;

/** About how many milliseconds a training takes, on a machine like the one that {@link COSTS} were measured on. */
export function estimateMs(engine: keyof typeof COSTS, { dims, points, model }: Work, cpus = 1): number {
  const cost = COSTS[engine];
  const { epochs, batchSize } = model.training;
  const units = model.hidden.reduce((sum, width) => sum + width, 0);
  const parameters = parameterCount(dims, model.hidden);
  const steps = batchesOf(points, batchSize).length;
  const perPoint =
    engine === 'fused' && hasHalfplanes(dims, points, model)
      ? HALFPLANES.point + HALFPLANES.unit * units
      : cost.weight * parameters + cost[model.activation] * (units + 1);
  const perStep = cost.parameter * parameters + cost.layer * (model.hidden.length + 1);
  const gain = (Math.max(1, Math.min(cost.most, Math.floor(cpus))) / cost.cpus) ** GAIN;
  return (epochs * ((perPoint * points) / gain + perStep * steps)) / 1e6;
}

/** Whether engine `fused` takes the units for lines in a plane: one hidden layer of rectifiers, in full batches. */
export function hasHalfplanes(dims: number, points: number, { hidden, activation, training }: ResolvedModel): boolean {
  const isFull = batchesOf(points, training.batchSize).length === 1;
  return dims === 2 && hidden.length === 1 && activation === 'relu' && isFull;
}
