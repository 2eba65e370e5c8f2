import { Lanes } from './lanes';
import { ROW } from './memory';

/**
 * Adds a block's share of the gradient of a layer's weights: for each input and unit the sum over points of input times
 * slope, in tiles of two inputs and four units.
 *
 * @param to float64 [inputs, units]
 * @param inputs a multiple of 2
 * @param units a multiple of 4
 */
export function addKernelGradient(from: usize, slopes: usize, to: usize, inputs: u32, units: u32, bytes: usize): void {
  const line = (<usize>units) << 3;
  for (let input: u32 = 0; input < inputs; input += 2) {
    const row = from + <usize>input * ROW;
    for (let unit: u32 = 0; unit < units; unit += 4) {
      let s00 = f32x4.splat(0);
      let s01 = s00;
      let s02 = s00;
      let s03 = s00;
      let s10 = s00;
      let s11 = s00;
      let s12 = s00;
      let s13 = s00;
      let slope = slopes + <usize>unit * ROW;
      const end = row + bytes;
      for (let at = row; at < end; at += 16) {
        const x0 = v128.load(at);
        const x1 = v128.load(at, ROW);
        let d = v128.load(slope);
        s00 = f32x4.add(s00, f32x4.mul(x0, d));
        s10 = f32x4.add(s10, f32x4.mul(x1, d));
        d = v128.load(slope, ROW);
        s01 = f32x4.add(s01, f32x4.mul(x0, d));
        s11 = f32x4.add(s11, f32x4.mul(x1, d));
        d = v128.load(slope, 2 * ROW);
        s02 = f32x4.add(s02, f32x4.mul(x0, d));
        s12 = f32x4.add(s12, f32x4.mul(x1, d));
        d = v128.load(slope, 3 * ROW);
        s03 = f32x4.add(s03, f32x4.mul(x0, d));
        s13 = f32x4.add(s13, f32x4.mul(x1, d));
        slope += 16;
      }
      const target = to + ((<usize>unit) << 3);
      Lanes.addTo(target, Lanes.sums(s00, s01, s02, s03));
      Lanes.addTo(target + line, Lanes.sums(s10, s11, s12, s13));
    }
    to += line << 1;
  }
}

/** Adds a block's share of the gradient of a layer's biases: the sums of the slopes. */
export function addBiasGradient(slopes: usize, to: usize, units: u32, bytes: usize): void {
  for (let unit: u32 = 0; unit < units; unit += 4) {
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    const end = slopes + bytes;
    for (let at = slopes; at < end; at += 16) {
      s0 = f32x4.add(s0, v128.load(at));
      s1 = f32x4.add(s1, v128.load(at, ROW));
      s2 = f32x4.add(s2, v128.load(at, 2 * ROW));
      s3 = f32x4.add(s3, v128.load(at, 3 * ROW));
    }
    Lanes.addTo(to, Lanes.sums(s0, s1, s2, s3));
    slopes += 4 * ROW;
    to += 32;
  }
}
