import { ROW } from './memory';

/** What becomes of the sums of a tile. */
export const LINEAR: i32 = 0;
export const RELU: i32 = 1;
export const TANH: i32 = 2;
export const SIGMOID: i32 = 3;

/** What {@link dense} does with its sums, beside LINEAR and RELU: multiplies them by an activation's slope. */
const SLOPE: i32 = 8;
export const RELU_SLOPE: i32 = SLOPE + 1;
export const TANH_SLOPE: i32 = SLOPE + 2;
export const SIGMOID_SLOPE: i32 = SLOPE + 3;

export class Finish {
  /** Sums `sum` of a tile, finished; `at` is where the outputs lie that an activation's slope is made of. */
  @inline static of(mode: i32, sum: v128, at: usize): v128 {
    if (mode == LINEAR) return sum;
    // The larger one of 0 and the sum; NaN stays.
    if (mode == RELU) return f32x4.pmax(sum, f32x4.splat(0));
    return Finish.slope(mode, sum, v128.load(at));
  }

  /** `sum` times the slope of an activation whose output is `output`. */
  @inline static slope(mode: i32, sum: v128, output: v128): v128 {
    if (mode == RELU_SLOPE) return v128.and(sum, f32x4.gt(output, f32x4.splat(0)));
    if (mode == TANH_SLOPE) return f32x4.mul(sum, f32x4.sub(f32x4.splat(1), f32x4.mul(output, output)));
    return f32x4.mul(sum, f32x4.sub(output, f32x4.mul(output, output)));
  }
}

/**
 * Weighted sums of rows, in tiles of four units and eight points: each value that is loaded is used several times.
 *
 * @param from rows of the inputs
 * @param weights packed: of four units the weights of the first input, of the second, …; then of the next four units
 * @param bias of each unit; 0 for none
 * @param units a multiple of 4
 * @param bytes of a row that are used: a multiple of 32
 * @param outputs of the units whose activation's slope the sums are multiplied by, where `mode` says so
 */
export function dense(
  from: usize,
  weights: usize,
  bias: usize,
  to: usize,
  inputs: u32,
  units: u32,
  bytes: usize,
  mode: i32,
  outputs: usize,
): void {
  const panel = (<usize>inputs) << 4;
  for (let unit: u32 = 0; unit < units; unit += 4) {
    let b0 = f32x4.splat(0);
    let b1 = b0;
    let b2 = b0;
    let b3 = b0;
    if (bias != 0) {
      const at = bias + ((<usize>unit) << 2);
      b0 = v128.load_splat<f32>(at);
      b1 = v128.load_splat<f32>(at, 4);
      b2 = v128.load_splat<f32>(at, 8);
      b3 = v128.load_splat<f32>(at, 12);
    }
    const end = weights + panel;
    for (let offset: usize = 0; offset < bytes; offset += 32) {
      let s00 = b0;
      let s01 = b0;
      let s10 = b1;
      let s11 = b1;
      let s20 = b2;
      let s21 = b2;
      let s30 = b3;
      let s31 = b3;
      let input = from + offset;
      for (let weight = weights; weight < end; weight += 16) {
        const x0 = v128.load(input);
        const x1 = v128.load(input, 16);
        input += ROW;
        let w = v128.load_splat<f32>(weight);
        s00 = f32x4.add(s00, f32x4.mul(x0, w));
        s01 = f32x4.add(s01, f32x4.mul(x1, w));
        w = v128.load_splat<f32>(weight, 4);
        s10 = f32x4.add(s10, f32x4.mul(x0, w));
        s11 = f32x4.add(s11, f32x4.mul(x1, w));
        w = v128.load_splat<f32>(weight, 8);
        s20 = f32x4.add(s20, f32x4.mul(x0, w));
        s21 = f32x4.add(s21, f32x4.mul(x1, w));
        w = v128.load_splat<f32>(weight, 12);
        s30 = f32x4.add(s30, f32x4.mul(x0, w));
        s31 = f32x4.add(s31, f32x4.mul(x1, w));
      }
      const at = <usize>unit * ROW + offset;
      const output = outputs + at;
      const target = to + at;
      v128.store(target, Finish.of(mode, s00, output));
      v128.store(target, Finish.of(mode, s01, output + 16), 16);
      v128.store(target, Finish.of(mode, s10, output + ROW), ROW);
      v128.store(target, Finish.of(mode, s11, output + ROW + 16), ROW + 16);
      v128.store(target, Finish.of(mode, s20, output + 2 * ROW), 2 * ROW);
      v128.store(target, Finish.of(mode, s21, output + 2 * ROW + 16), 2 * ROW + 16);
      v128.store(target, Finish.of(mode, s30, output + 3 * ROW), 3 * ROW);
      v128.store(target, Finish.of(mode, s31, output + 3 * ROW + 16), 3 * ROW + 16);
    }
    weights = end;
  }
}
