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
