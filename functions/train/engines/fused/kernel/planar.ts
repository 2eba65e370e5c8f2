import { Finish, RELU, RELU_SLOPE } from './dense';
import { Lanes } from './lanes';
import { ROW } from './memory';

// The first layer of a network of two inputs, the most usual one: as dense.ts and gradient.ts compute it, to the last bit, but
// with no loop over the inputs.

/** The outputs of two units at a time; parameters as of dense. */
export function planarForward(
  from: usize,
  weights: usize,
  bias: usize,
  to: usize,
  units: u32,
  bytes: usize,
  mode: i32,
): void {
  for (let unit: u32 = 0; unit < units; unit += 2) {
    // Packed by four units: the weights of the first input, then of the second.
    const at = weights + ((<usize>(unit & ~3)) << 3) + ((<usize>(unit & 2)) << 2);
    const w00 = v128.load_splat<f32>(at);
    const w10 = v128.load_splat<f32>(at, 4);
    const w01 = v128.load_splat<f32>(at, 16);
    const w11 = v128.load_splat<f32>(at, 20);
    const b0 = v128.load_splat<f32>(bias);
    const b1 = v128.load_splat<f32>(bias, 4);
    bias += 8;
    // The larger one of a sum and this is the sum itself where nothing is rectified: no branch in the loop.
    const floor = f32x4.splat(mode == RELU ? 0 : -Infinity);
    const end = from + bytes;
    let target = to;
    for (let at = from; at < end; at += 16) {
      const x0 = v128.load(at);
      const x1 = v128.load(at, ROW);
      const s0 = f32x4.add(f32x4.add(b0, f32x4.mul(x0, w00)), f32x4.mul(x1, w01));
      const s1 = f32x4.add(f32x4.add(b1, f32x4.mul(x0, w10)), f32x4.mul(x1, w11));
      v128.store(target, f32x4.pmax(s0, floor));
      v128.store(target, f32x4.pmax(s1, floor), ROW);
      target += 16;
    }
    to += 2 * ROW;
  }
}

/** Adds a block's share of the gradient of kernel [2, units] and bias. */
export function addPlanarGradient(
  from: usize,
  slopes: usize,
  kernel: usize,
  bias: usize,
  units: u32,
  bytes: usize,
): void {
  const line = (<usize>((units + 3) & ~3)) << 3;
  for (let unit: u32 = 0; unit < units; unit += 2) {
    let s00 = f32x4.splat(0);
    let s10 = s00;
    let s01 = s00;
    let s11 = s00;
    let t0 = s00;
    let t1 = s00;
    let slope = slopes;
    const end = from + bytes;
    for (let at = from; at < end; at += 16) {
      const x0 = v128.load(at);
      const x1 = v128.load(at, ROW);
      const d0 = v128.load(slope);
      const d1 = v128.load(slope, ROW);
      slope += 16;
      t0 = f32x4.add(t0, d0);
      s00 = f32x4.add(s00, f32x4.mul(x0, d0));
      s01 = f32x4.add(s01, f32x4.mul(x1, d0));
      t1 = f32x4.add(t1, d1);
      s10 = f32x4.add(s10, f32x4.mul(x0, d1));
      s11 = f32x4.add(s11, f32x4.mul(x1, d1));
    }
    const sums = Lanes.sums(s00, s10, s01, s11);
    Lanes.addLowTo(kernel, sums);
    Lanes.addHighTo(kernel + line, sums);
    Lanes.addLowTo(bias, Lanes.sums(t0, t1, t0, t1));
    slopes += 2 * ROW;
    kernel += 16;
    bias += 16;
  }
}

/**
 * The whole way back through a network with one hidden layer: adds a block's share of the gradient of the last layer's
 * weights `head`, and of the first layer's kernel and bias; its slopes need not be kept.
 *
 * @param outputs of the hidden layer
 * @param slopes at the logits
 * @param weights of the last layer
 */
export function backThroughOne(
  from: usize,
  outputs: usize,
  slopes: usize,
  weights: usize,
  head: usize,
  kernel: usize,
  bias: usize,
  units: u32,
  bytes: usize,
  mode: i32,
): void {
  // The usual activation has a loop of its own, with no branch for the others in it; and a function, as the compiler
  // would make one loop of two calls that are inlined side by side.
  if (mode == RELU_SLOPE) throughRectifiers(from, outputs, slopes, weights, head, kernel, bias, units, bytes);
  else Back.throughOne(from, outputs, slopes, weights, head, kernel, bias, units, bytes, mode);
}

function throughRectifiers(
  from: usize,
  outputs: usize,
  slopes: usize,
  weights: usize,
  head: usize,
  kernel: usize,
  bias: usize,
  units: u32,
  bytes: usize,
): void {
  Back.throughOne(from, outputs, slopes, weights, head, kernel, bias, units, bytes, RELU_SLOPE);
}

class Back {
  @inline static throughOne(
    from: usize,
    outputs: usize,
    slopes: usize,
    weights: usize,
    head: usize,
    kernel: usize,
    bias: usize,
    units: u32,
    bytes: usize,
    mode: i32,
  ): void {
    const line = (<usize>((units + 3) & ~3)) << 3;
    for (let unit: u32 = 0; unit < units; unit += 2) {
      let s00 = f32x4.splat(0);
      let s10 = s00;
      let s01 = s00;
      let s11 = s00;
      let t0 = s00;
      let t1 = s00;
      let v0 = s00;
      let v1 = s00;
      const w0 = v128.load_splat<f32>(weights);
      const w1 = v128.load_splat<f32>(weights, 4);
      weights += 8;
      for (let offset: usize = 0; offset < bytes; offset += 16) {
        const d = v128.load(slopes + offset);
        const h0 = v128.load(outputs + offset);
        v0 = f32x4.add(v0, f32x4.mul(h0, d));
        const d0 = Finish.slope(mode, f32x4.mul(w0, d), h0);
        const h1 = v128.load(outputs + offset, ROW);
        v1 = f32x4.add(v1, f32x4.mul(h1, d));
        const d1 = Finish.slope(mode, f32x4.mul(w1, d), h1);
        const x0 = v128.load(from + offset);
        t0 = f32x4.add(t0, d0);
        s00 = f32x4.add(s00, f32x4.mul(x0, d0));
        t1 = f32x4.add(t1, d1);
        s10 = f32x4.add(s10, f32x4.mul(x0, d1));
        const x1 = v128.load(from + offset, ROW);
        s01 = f32x4.add(s01, f32x4.mul(x1, d0));
        s11 = f32x4.add(s11, f32x4.mul(x1, d1));
      }
      const sums = Lanes.sums(s00, s10, s01, s11);
      Lanes.addLowTo(kernel, sums);
      Lanes.addHighTo(kernel + line, sums);
      const others = Lanes.sums(t0, t1, v0, v1);
      Lanes.addLowTo(bias, others);
      Lanes.addHighTo(head, others);
      outputs += 2 * ROW;
      kernel += 16;
      bias += 16;
      head += 16;
    }
  }
}
