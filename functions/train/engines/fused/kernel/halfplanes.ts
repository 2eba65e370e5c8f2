import { ENTRY, sortUnits, tableBytes } from './boxes';
import { judge, Totals } from './judge';
import { Lanes } from './lanes';
import { ROW } from './memory';
import { Layer, Plan } from './plan';

// A rectifier of two inputs is 0 on one side of a line and linear on the other. In a block of points that lie close together
// (the caller arranges them) most units are on the same side at all points: those that are off are left out, and those that
// are on are together one linear function. Only what a line goes through is looked at point by point.

/** Takes one block through a network of two inputs with one hidden layer of rectifiers, and back where the plan learns. */
export function passBlock(
  plan: Plan,
  box: usize,
  rows: usize,
  scratch: usize,
  count: u32,
  bytes: usize,
  gradient: usize,
  totals: Totals,
): void {
  const layer = plan.layer(0);
  const head = plan.layer(1);
  const outputs = scratch + layer.outputs;
  const logits = scratch + plan.logits;
  const products = scratch + plan.slopes;
  const crossed = scratch + plan.table;
  const on = crossed + tableBytes(layer.units);
  const sides = sortUnits(layer, head, box, crossed, on);
  const crossedEnd = crossed + (sides & 0xffff) * ENTRY;
  const onEnd = on + (sides >>> 16) * ENTRY;

  addLinear(rows, head.bias, on, onEnd, logits, bytes);
  for (let entry = crossed, to = outputs; entry < crossedEnd; entry += 2 * ENTRY, to += 2 * ROW) {
    addRectified(rows, entry, to, logits, bytes);
  }
  const bias = plan.learns ? gradient + head.biasGradient : products;
  judge(logits, rows + 2 * ROW, count, bytes, bias, totals, plan.isJudged);
  if (!plan.learns) return;

  const sums = multiply(rows, logits, products, bytes);
  for (let entry = on; entry < onEnd; entry += ENTRY) Slopes.add(layer, head, gradient, entry, sums);
  for (let entry = crossed, from = outputs; entry < crossedEnd; entry += 2 * ENTRY, from += 2 * ROW) {
    addCrossed(layer, head, gradient, entry, from, logits, products, bytes);
  }
}

/** The logits that the units make which are on at all points. */
function addLinear(from: usize, bias: usize, on: usize, end: usize, to: usize, bytes: usize): void {
  let a0: f64 = 0;
  let a1: f64 = 0;
  let c: f64 = load<f32>(bias);
  for (let entry = on; entry < end; entry += ENTRY) {
    const v: f64 = load<f32>(entry, 16);
    a0 += v * <f64>load<f32>(entry, 4);
    a1 += v * <f64>load<f32>(entry, 8);
    c += v * <f64>load<f32>(entry, 12);
  }
  const w0 = f32x4.splat(<f32>a0);
  const w1 = f32x4.splat(<f32>a1);
  const b = f32x4.splat(<f32>c);
  for (let offset: usize = 0; offset < bytes; offset += 16) {
    const x0 = v128.load(from + offset);
    const x1 = v128.load(from + offset, ROW);
    v128.store(to + offset, f32x4.add(f32x4.add(b, f32x4.mul(x0, w0)), f32x4.mul(x1, w1)));
  }
}

/** The outputs of two units, and their part of the logits. */
function addRectified(from: usize, entry: usize, to: usize, logits: usize, bytes: usize): void {
  const zero = f32x4.splat(0);
  const w00 = v128.load_splat<f32>(entry, 4);
  const w01 = v128.load_splat<f32>(entry, 8);
  const b0 = v128.load_splat<f32>(entry, 12);
  const v0 = v128.load_splat<f32>(entry, 16);
  const w10 = v128.load_splat<f32>(entry, 24);
  const w11 = v128.load_splat<f32>(entry, 28);
  const b1 = v128.load_splat<f32>(entry, 32);
  const v1 = v128.load_splat<f32>(entry, 36);
  for (let offset: usize = 0; offset < bytes; offset += 16) {
    const x0 = v128.load(from + offset);
    const x1 = v128.load(from + offset, ROW);
    const h0 = f32x4.pmax(f32x4.add(f32x4.add(b0, f32x4.mul(x0, w00)), f32x4.mul(x1, w01)), zero);
    const h1 = f32x4.pmax(f32x4.add(f32x4.add(b1, f32x4.mul(x0, w10)), f32x4.mul(x1, w11)), zero);
    v128.store(to + offset, h0);
    v128.store(to + offset, h1, ROW);
    const at = logits + offset;
    v128.store(at, f32x4.add(f32x4.add(v128.load(at), f32x4.mul(h0, v0)), f32x4.mul(h1, v1)));
  }
}

/** Puts down the products of the slopes at the logits and the inputs; gives the sums of both products and of the slopes. */
function multiply(from: usize, slopes: usize, to: usize, bytes: usize): v128 {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  let t = s0;
  for (let offset: usize = 0; offset < bytes; offset += 16) {
    const d = v128.load(slopes + offset);
    const e0 = f32x4.mul(v128.load(from + offset), d);
    const e1 = f32x4.mul(v128.load(from + offset, ROW), d);
    v128.store(to + offset, e0);
    v128.store(to + offset, e1, ROW);
    s0 = f32x4.add(s0, e0);
    s1 = f32x4.add(s1, e1);
    t = f32x4.add(t, d);
  }
  return Lanes.sums(s0, s1, t, t);
}

/** The gradient's share of two units that are on at some of the points. */
function addCrossed(
  layer: Layer,
  head: Layer,
  gradient: usize,
  entry: usize,
  outputs: usize,
  slopes: usize,
  products: usize,
  bytes: usize,
): void {
  const zero = f32x4.splat(0);
  let s00 = zero;
  let s01 = zero;
  let t0 = zero;
  let s10 = zero;
  let s11 = zero;
  let t1 = zero;
  for (let offset: usize = 0; offset < bytes; offset += 16) {
    const isOn0 = f32x4.gt(v128.load(outputs + offset), zero);
    const isOn1 = f32x4.gt(v128.load(outputs + offset, ROW), zero);
    const e0 = v128.load(products + offset);
    s00 = f32x4.add(s00, v128.and(e0, isOn0));
    s10 = f32x4.add(s10, v128.and(e0, isOn1));
    const e1 = v128.load(products + offset, ROW);
    s01 = f32x4.add(s01, v128.and(e1, isOn0));
    s11 = f32x4.add(s11, v128.and(e1, isOn1));
    const d = v128.load(slopes + offset);
    t0 = f32x4.add(t0, v128.and(d, isOn0));
    t1 = f32x4.add(t1, v128.and(d, isOn1));
  }
  Slopes.add(layer, head, gradient, entry, Lanes.sums(s00, s01, t0, t0));
  if (load<u32>(entry, ENTRY) < layer.units) {
    Slopes.add(layer, head, gradient, entry + ENTRY, Lanes.sums(s10, s11, t1, t1));
  }
}

class Slopes {
  /**
   * Adds a unit's share of the gradient. Where it is on, its slope is its weight in the head times the one at the logit, and
   * its output is linear in the inputs: all of it is made of three sums over those points, of the slopes at the logits times
   * both inputs, and of these slopes.
   */
  @inline static add(layer: Layer, head: Layer, gradient: usize, entry: usize, sums: v128): void {
    const s0: f64 = f32x4.extract_lane(sums, 0);
    const s1: f64 = f32x4.extract_lane(sums, 1);
    const t: f64 = f32x4.extract_lane(sums, 2);
    const v: f64 = load<f32>(entry, 16);
    const outer = <f64>load<f32>(entry, 4) * s0 + <f64>load<f32>(entry, 8) * s1 + <f64>load<f32>(entry, 12) * t;
    const at = gradient + ((<usize>load<u32>(entry)) << 3);
    Slopes.addTo(at + layer.gradient, v * s0);
    Slopes.addTo(at + layer.gradient + layer.line, v * s1);
    Slopes.addTo(at + layer.biasGradient, v * t);
    Slopes.addTo(at + head.gradient, outer);
  }

  @inline static addTo(at: usize, value: f64): void {
    store<f64>(at, load<f64>(at) + value);
  }
}
