import * as tf from '@tensorflow/tfjs-core';
import type { Layer, Network } from '../../model/network.ts';
import { addHead, type Totals } from './head.ts';

/** Rows on the device: coordinates with a column of ones behind them (the bias's input); their labels stay beside. */
export interface Rows {
  readonly inputs: tf.Tensor2D;
  readonly labels: Uint8Array;
}

/** A layer's parameters on the device. */
interface DeviceLayer {
  readonly activation: Layer['activation'];
  /** [inputs, units]; of the first layer [inputs + 1, units], the bias being its last row. */
  readonly kernel: tf.Tensor2D;
  readonly bias: tf.Tensor1D | undefined;
  /** [units, inputs]: what takes slopes back to the layer before. */
  readonly back: tf.Tensor2D | undefined;
}

export type DeviceNetwork = readonly DeviceLayer[];

/** The slopes of the loss: kernel and bias of each layer, in turn, laid out as the parameters are. */
export type Gradient = readonly Float64Array[];

/** The parameters in the order of {@link Gradient}. */
export function parametersOf(network: Network): Float32Array[] {
  return network.layers.flatMap((layer) => [layer.kernel, layer.bias]);
}

/** Copies the parameters to the device. */
export function upload(network: Network): DeviceNetwork {
  return network.layers.map(({ inputs, units, activation, kernel, bias }, index) => {
    // tanh(z) is computed as 2 sigmoid(2 z) - 1: the WASM backend's own tanh takes 17 times as long as its sigmoid.
    const scale = activation === 'tanh' ? 2 : 1;
    const scaled = (values: Float32Array) => (scale === 1 ? values : values.map((value) => value * scale));
    if (index === 0) {
      const stacked = new Float32Array((inputs + 1) * units);
      stacked.set(scaled(kernel));
      stacked.set(scaled(bias), inputs * units);
      return { activation, kernel: tf.tensor2d(stacked, [inputs + 1, units]), bias: undefined, back: undefined };
    }
    return {
      activation,
      kernel: tf.tensor2d(scaled(kernel), [inputs, units]),
      bias: tf.tensor1d(scaled(bias)),
      back: tf.tensor2d(transposed(kernel, inputs, units), [units, inputs]),
    };
  });
}

/** Frees what {@link upload} took. */
export function release(network: DeviceNetwork): void {
  for (const { kernel, bias, back } of network) tf.dispose([kernel, ...(bias ? [bias] : []), ...(back ? [back] : [])]);
}

/** Adds the loss and the right answers of some rows. */
export function addMetrics(network: DeviceNetwork, rows: Rows, totals: Totals): void {
  tf.tidy(() => {
    const logits = forward(network, rows.inputs).at(-1);
    if (logits) addHead(logits.dataSync<'float32'>(), tf.sigmoid(logits).dataSync<'float32'>(), rows.labels, totals);
  });
}

/**
 * Adds some rows' share of the gradient of a batch's mean loss, and their loss and right answers.
 *
 * @param batch points in the whole batch
 */
export function addGradient(
  network: DeviceNetwork,
  rows: Rows,
  batch: number,
  gradient: Gradient,
  totals: Totals,
): void {
  tf.tidy(() => {
    const values = forward(network, rows.inputs);
    const logits = values.at(-1);
    if (!logits) return;
    const head = new Float32Array(rows.labels.length);
    addHead(logits.dataSync<'float32'>(), tf.sigmoid(logits).dataSync<'float32'>(), rows.labels, totals, {
      values: head,
      batch,
    });
    let slopes = tf.tensor2d(head, [head.length, 1]);
    for (let index = network.length - 1; index >= 0; index--) {
      const kernel = gradient[2 * index];
      const bias = gradient[2 * index + 1];
      const input = values[index - 1];
      const back = network[index]?.back;
      if (!kernel || !bias) break;
      if (!input || !back) {
        addFirstLayer(slopes, rows.inputs, kernel, bias);
        break;
      }
      addLayer(slopes, input, kernel, bias);
      slopes = tf.mul(tf.matMul(slopes, back), derivative(network[index - 1]?.activation, input));
    }
  });
}

/** The outputs of all layers, the logits last. */
function forward(network: DeviceNetwork, inputs: tf.Tensor2D): tf.Tensor2D[] {
  let value = inputs;
  return network.map(({ activation, kernel, bias }) => {
    const sum = tf.fused.matMul({
      a: value,
      b: kernel,
      ...(bias ? { bias } : {}),
      activation: activation === 'relu' ? 'relu' : 'linear',
    }) as tf.Tensor2D;
    value = activation === 'relu' || activation === 'linear' ? sum : tf.sigmoid(sum);
    if (activation === 'tanh') value = tf.sub(tf.mul(value, 2), 1);
    return value;
  });
}

/** An activation's slope, from its output. */
function derivative(activation: Layer['activation'] | undefined, output: tf.Tensor2D): tf.Tensor2D {
  if (activation === 'relu') return tf.step(output);
  if (activation === 'tanh') return tf.sub(1, tf.square(output));
  return tf.sub(output, tf.square(output));
}

/** slopes' x inputs, so that the large constant factor is the one that the WASM backend packs, once. */
function addFirstLayer(slopes: tf.Tensor2D, inputs: tf.Tensor2D, kernel: Float64Array, bias: Float64Array): void {
  const units = bias.length;
  const columns = inputs.shape[1];
  const turned = units === 1 ? tf.reshape(slopes, [1, slopes.shape[0]]) : tf.transpose(slopes);
  const sums = tf.matMul(turned, inputs).dataSync();
  for (let unit = 0; unit < units; unit++) {
    for (let input = 0; input < columns - 1; input++) {
      kernel[input * units + unit] = (kernel[input * units + unit] ?? 0) + (sums[unit * columns + input] ?? 0);
    }
    bias[unit] = (bias[unit] ?? 0) + (sums[unit * columns + columns - 1] ?? 0);
  }
}

function addLayer(slopes: tf.Tensor2D, input: tf.Tensor2D, kernel: Float64Array, bias: Float64Array): void {
  // With both factors as they lie, the WASM backend multiplies by SIMD; a column is quicker the other way.
  const sums = bias.length === 1 ? tf.matMul(input, slopes, true) : tf.matMul(tf.transpose(input), slopes);
  add(kernel, sums.dataSync());
  add(bias, tf.sum(slopes, 0).dataSync());
}

function add(totals: Float64Array, values: ArrayLike<number>): void {
  for (let index = 0; index < totals.length; index++) totals[index] = (totals[index] ?? 0) + (values[index] ?? 0);
}

function transposed(matrix: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(matrix.length);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) result[column * rows + row] = matrix[row * columns + column] ?? 0;
  }
  return result;
}
