import { Finish } from './dense';
import { Lanes } from './lanes';
import { log } from './log';
import { ROW } from './memory';

/** Sums over points. The loss is `linear - log(1 / product)`: a logarithm for many points, not for each. */
@unmanaged
export class Totals {
  loss: f64;
  product: f64;
  right: f64;

  clear(): void {
    this.loss = 0;
    this.product = 1;
    this.right = 0;
  }

  /** Makes the product part of the loss. */
  close(): void {
    this.loss += log(this.product);
    this.product = 1;
  }

  add(other: Totals): void {
    this.loss += other.loss;
    this.right += other.right;
  }
}

/** A block's factors are in [1, 2] each, so their product multiplies this at most to 1e59. */
const LARGE: f64 = 1e20;

/** The logit of no point: with label 0 it has no loss and no slope. */
const NOTHING: f32 = -1e30;

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

class Labels {
  /** The sign bit where the label of a point is 1, for four points. */
  @inline static of(at: usize): v128 {
    return i32x4.shl(i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(v128.load32_zero(at))), 24);
  }
}

/**
 * Changes the sign of logits where the label is 1, and puts exp(-|logit|) into the row after theirs. In two rounds, before the
 * one of the slopes: all that is done to four points is one long chain, of which a processor has few in work at once. And
 * two by two, as they share the numbers that they are made with.
 */
function turn(logits: usize, labels: usize, end: usize): void {
  for (let at = logits; at < end; at += 32) {
    const t = v128.xor(v128.load(at), Labels.of(labels));
    const u = v128.xor(v128.load(at, 16), Labels.of(labels + 4));
    labels += 8;
    const x = Lanes.minusSize(t);
    const y = Lanes.minusSize(u);
    const shiftedX = Lanes.shifted(x);
    const shiftedY = Lanes.shifted(y);
    const restX = Lanes.rest(x, shiftedX);
    const restY = Lanes.rest(y, shiftedY);
    const powerX = Lanes.power(x, shiftedX);
    const powerY = Lanes.power(y, shiftedY);
    v128.store(at, t);
    v128.store(at, u, 16);
    v128.store(at, restX, ROW);
    v128.store(at, restY, ROW + 16);
    v128.store(at, powerX, 2 * ROW);
    v128.store(at, powerY, 2 * ROW + 16);
  }
  for (let at = logits; at < end; at += 32) {
    const x = Lanes.expOfRest(v128.load(at, ROW));
    const y = Lanes.expOfRest(v128.load(at, ROW + 16));
    v128.store(at, Lanes.product(x, v128.load(at, 2 * ROW)), ROW);
    v128.store(at, Lanes.product(y, v128.load(at, 2 * ROW + 16)), ROW + 16);
  }
}

/**
 * Replaces a block's logits by the slopes of their binary cross-entropy, and adds that and the right answers to `totals`
 * where somebody wants to know.
 *
 * With t the logit, its sign changed where the label is 1: the loss is max(t, 0) + log(1 + exp(-|t|)), its slope
 * sigmoid(t), with the same change of sign. No digit is lost at either end.
 *
 * @param logits their row, and two more after it for what is reckoned with
 * @param labels bytes: 0 for label 0, the uppermost bit for label 1
 * @param count points; what lies behind them, with label 0, gets slope 0
 * @param gradient float64, of the last layer's bias: gets the sum of the slopes
 * @param isJudged whether the totals are wanted; the slopes are the same without
 */
export function judge(
  logits: usize,
  labels: usize,
  count: u32,
  bytes: usize,
  gradient: usize,
  totals: Totals,
  isJudged: bool,
): void {
  for (let at = logits + ((<usize>count) << 2); at < logits + bytes; at += 4) store<f32>(at, NOTHING);
  const zero = f32x4.splat(0);
  let linear = zero;
  let slopes = zero;
  let wrong = zero;
  // The product of all 1 + exp(-|t|), less 1: its digits are those of the terms, however small they are.
  let excess = zero;
  const end = logits + bytes;
  turn(logits, labels, end);
  for (let at = logits; at < end; at += 16) {
    const label = Labels.of(labels);
    labels += 4;
    const t = v128.load(at);
    const small = v128.load(at, ROW);
    const slope = v128.xor(Lanes.logistic(t, small), label);
    v128.store(at, slope);
    slopes = f32x4.add(slopes, slope);
    if (isJudged) {
      linear = f32x4.add(linear, f32x4.pmax(t, zero));
      excess = f32x4.add(f32x4.add(excess, small), f32x4.mul(excess, small));
      wrong = i32x4.sub(wrong, v128.xor(f32x4.gt(v128.xor(t, label), zero), i32x4.shr_s(label, 31)));
    }
  }
  const sums = Lanes.sums(linear, slopes, linear, slopes);
  store<f64>(gradient, load<f64>(gradient) + <f64>f32x4.extract_lane(sums, 1));
  if (!isJudged) return;
  const one = f64x2.splat(1);
  const upper = v128.shuffle<f32>(excess, excess, 2, 3, 2, 3);
  const product = f64x2.mul(
    f64x2.add(one, f64x2.promote_low_f32x4(excess)),
    f64x2.add(one, f64x2.promote_low_f32x4(upper)),
  );
  totals.product *= f64x2.extract_lane(product, 0) * f64x2.extract_lane(product, 1);
  totals.loss += <f64>f32x4.extract_lane(sums, 0);
  const wrongs =
    i32x4.extract_lane(wrong, 0) +
    i32x4.extract_lane(wrong, 1) +
    i32x4.extract_lane(wrong, 2) +
    i32x4.extract_lane(wrong, 3);
  totals.right += <f64>(<i32>count - wrongs);
  if (!(totals.product < LARGE)) totals.close();
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
