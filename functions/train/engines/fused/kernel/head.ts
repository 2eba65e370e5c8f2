import { Finish } from './dense';
import { Lanes } from './lanes';
import { ROW } from './memory';

/** The logits of a block: a weighted sum of rows for the one unit of the last layer. */
export function addLogits(from: usize, weights: usize, bias: usize, to: usize, inputs: u32, bytes: usize): void {
  const first = v128.load_splat<f32>(bias);
  const end = weights + ((<usize>inputs) << 2);
  let offset: usize = 0;
  for (; offset + 128 <= bytes; offset += 128) {
    let s0 = first;
    let s1 = first;
    let s2 = first;
    let s3 = first;
    let s4 = first;
    let s5 = first;
    let s6 = first;
    let s7 = first;
    let input = from + offset;
    for (let weight = weights; weight < end; weight += 4) {
      const w = v128.load_splat<f32>(weight);
      s0 = f32x4.add(s0, f32x4.mul(v128.load(input), w));
      s1 = f32x4.add(s1, f32x4.mul(v128.load(input, 16), w));
      s2 = f32x4.add(s2, f32x4.mul(v128.load(input, 32), w));
      s3 = f32x4.add(s3, f32x4.mul(v128.load(input, 48), w));
      s4 = f32x4.add(s4, f32x4.mul(v128.load(input, 64), w));
      s5 = f32x4.add(s5, f32x4.mul(v128.load(input, 80), w));
      s6 = f32x4.add(s6, f32x4.mul(v128.load(input, 96), w));
      s7 = f32x4.add(s7, f32x4.mul(v128.load(input, 112), w));
      input += ROW;
    }
    const target = to + offset;
    v128.store(target, s0);
    v128.store(target, s1, 16);
    v128.store(target, s2, 32);
    v128.store(target, s3, 48);
    v128.store(target, s4, 64);
    v128.store(target, s5, 80);
    v128.store(target, s6, 96);
    v128.store(target, s7, 112);
  }
  for (; offset < bytes; offset += 16) {
    let sum = first;
    let input = from + offset;
    for (let weight = weights; weight < end; weight += 4) {
      sum = f32x4.add(sum, f32x4.mul(v128.load(input), v128.load_splat<f32>(weight)));
      input += ROW;
    }
    v128.store(to + offset, sum);
  }
}

/**
 * Adds a block's share of the gradient of the last layer, and takes the slopes at its one unit back to the layer before.
 *
 * @param from the last layer's inputs
 * @param slopes at the logits
 * @param weights padded with zeros to a multiple of 4
 * @param gradient float64, one per weight
 * @param to the slopes at the units of the layer before
 * @param mode an activation's slope; LINEAR where there is no layer before
 */
export function backFromHead(
  from: usize,
  slopes: usize,
  weights: usize,
  gradient: usize,
  to: usize,
  inputs: u32,
  bytes: usize,
  mode: i32,
): void {
  for (let input: u32 = 0; input < inputs; input += 4) {
    let s0 = f32x4.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    const at = (<usize>input) << 2;
    const w0 = v128.load_splat<f32>(weights + at);
    const w1 = v128.load_splat<f32>(weights + at, 4);
    const w2 = v128.load_splat<f32>(weights + at, 8);
    const w3 = v128.load_splat<f32>(weights + at, 12);
    for (let offset: usize = 0; offset < bytes; offset += 16) {
      const d = v128.load(slopes + offset);
      const x0 = v128.load(from + offset);
      const x1 = v128.load(from + offset, ROW);
      const x2 = v128.load(from + offset, 2 * ROW);
      const x3 = v128.load(from + offset, 3 * ROW);
      s0 = f32x4.add(s0, f32x4.mul(x0, d));
      s1 = f32x4.add(s1, f32x4.mul(x1, d));
      s2 = f32x4.add(s2, f32x4.mul(x2, d));
      s3 = f32x4.add(s3, f32x4.mul(x3, d));
      if (mode != 0) {
        v128.store(to + offset, Finish.slope(mode, f32x4.mul(w0, d), x0));
        v128.store(to + offset, Finish.slope(mode, f32x4.mul(w1, d), x1), ROW);
        v128.store(to + offset, Finish.slope(mode, f32x4.mul(w2, d), x2), 2 * ROW);
        v128.store(to + offset, Finish.slope(mode, f32x4.mul(w3, d), x3), 3 * ROW);
      }
    }
    Lanes.addTo(gradient, Lanes.sums(s0, s1, s2, s3));
    gradient += 32;
    from += 4 * ROW;
    to += 4 * ROW;
  }
}
