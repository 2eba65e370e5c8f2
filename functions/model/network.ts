import type { ResolvedModel } from '../../events/spec.ts';
import type { Points } from '../dataset/points.ts';

export type Activation = ResolvedModel['activation'];

/** A dense layer. */
export interface Layer {
  readonly inputs: number;
  readonly units: number;
  /** `linear` is the last layer's: its output is the logit. */
  readonly activation: Activation | 'linear';
  /** [inputs, units], row by row, as a LayersModel has it. */
  readonly kernel: Float32Array;
  readonly bias: Float32Array;
}

/** A multilayer perceptron with one output, the logit of label 1. */
export interface Network {
  readonly layers: readonly Layer[];
}

/** Points that go through all layers together, so that their activations stay in cache. */
const BLOCK = 256;

/**
 * The logit of each point; its sigmoid is the probability of label 1.
 *
 * @param logits where they are to be written
 */
export function predictLogits(
  network: Network,
  points: Pick<Points, 'coordinates' | 'size'>,
  logits = new Float32Array(points.size),
): Float32Array {
  const widest = Math.max(points.coordinates.length, ...network.layers.map((layer) => layer.units));
  let input = new Float32Array(widest * BLOCK);
  let output = new Float32Array(widest * BLOCK);
  for (let start = 0; start < points.size; start += BLOCK) {
    const count = Math.min(BLOCK, points.size - start);
    for (const [index, column] of points.coordinates.entries()) {
      input.set(column.subarray(start, start + count), index * BLOCK);
    }
    for (const layer of network.layers) {
      forward(layer, input, output, count);
      [input, output] = [output, input];
    }
    logits.set(input.subarray(0, count), start);
  }
  return logits;
}

/** One layer for one block; the values of a unit stand side by side. */
function forward(layer: Layer, input: Float32Array, output: Float32Array, count: number): void {
  const { inputs, units, kernel, bias, activation } = layer;
  for (let unit = 0; unit < units; unit++) {
    const to = unit * BLOCK;
    output.fill(bias[unit] ?? 0, to, to + count);
    for (let feature = 0; feature < inputs; feature++) {
      const weight = kernel[feature * units + unit] ?? 0;
      const from = feature * BLOCK;
      for (let index = 0; index < count; index++) {
        output[to + index] = (output[to + index] ?? 0) + weight * (input[from + index] ?? 0);
      }
    }
    activate(activation, output, to, to + count);
  }
}

function activate(activation: Layer['activation'], values: Float32Array, from: number, to: number): void {
  if (activation === 'linear') return;
  for (let index = from; index < to; index++) {
    const value = values[index] ?? 0;
    values[index] =
      activation === 'relu' ? Math.max(0, value) : activation === 'tanh' ? Math.tanh(value) : sigmoid(value);
  }
}

/** The logistic function, without overflow at either end. */
export function sigmoid(value: number): number {
  const small = Math.exp(-Math.abs(value));
  return value >= 0 ? 1 / (1 + small) : small / (1 + small);
}
