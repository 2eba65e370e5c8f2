// Numbers in memory, each one instruction away: V8 puts one that is written in the code together anew, from several, in every
// round of a loop.
const LOWEST: usize = memory.data<f32>([-64.0]);
const SHIFTER: usize = memory.data<f32>([12582912.0]);
const LOG2E: usize = memory.data<f32>([1.44269504]);
const LN2_HIGH: usize = memory.data<f32>([0.693359375]);
const LN2_LOW: usize = memory.data<f32>([-2.1219444e-4]);
const EXP6: usize = memory.data<f32>([0.0013926376]);
const EXP5: usize = memory.data<f32>([0.008363333]);
const EXP4: usize = memory.data<f32>([0.041666553]);
const EXP3: usize = memory.data<f32>([0.16666576]);
const HALF: usize = memory.data<f32>([0.5]);
const ONE: usize = memory.data<f32>([1.0]);
const TANH13: usize = memory.data<f32>([0.0022927448]);
const TANH11: usize = memory.data<f32>([-0.0083439455]);
const TANH9: usize = memory.data<f32>([0.021768919]);
const TANH7: usize = memory.data<f32>([-0.05395926]);
const TANH5: usize = memory.data<f32>([0.13333304]);
const TANH3: usize = memory.data<f32>([-0.33333333]);
const NEAR: usize = memory.data<f32>([0.625]);
const MINUS_TWO: usize = memory.data<f32>([-2.0]);
/** The sign bit alone. */
const SIGN: usize = memory.data<f32>([-0.0]);

/** Functions of four float32 at once, by additions, multiplications and one division: IEEE 754 fixes every bit of them. */
export class Lanes {
  /**
   * exp(x) for x <= 0, at most 1.1 ulp off. For x < -64 it is 0: products of what is smaller would soon be subnormal,
   * which slows processors down a hundredfold.
   */
  @inline static exp(x: v128): v128 {
    const shifted = Lanes.shifted(x);
    return Lanes.product(Lanes.expOfRest(Lanes.rest(x, shifted)), Lanes.power(x, shifted));
  }

  /** x / ln 2, rounded to an integer, in the lowest bits: adding 1.5 * 2^23 leaves it there. */
  @inline static shifted(x: v128): v128 {
    return f32x4.add(f32x4.mul(x, v128.load_splat<f32>(LOG2E)), v128.load_splat<f32>(SHIFTER));
  }

  /** What is left of x when that many times ln 2 are taken away. */
  @inline static rest(x: v128, shifted: v128): v128 {
    const n = f32x4.sub(shifted, v128.load_splat<f32>(SHIFTER));
    // ln 2 in two parts; n times the first is exact.
    const high = f32x4.sub(x, f32x4.mul(n, v128.load_splat<f32>(LN2_HIGH)));
    return f32x4.sub(high, f32x4.mul(n, v128.load_splat<f32>(LN2_LOW)));
  }

  /** 2 to that integer; 0 where exp(x) shall be. NaN is not less than anything, and stays in what it is multiplied with. */
  @inline static power(x: v128, shifted: v128): v128 {
    const power = i32x4.add(i32x4.shl(shifted, 23), v128.load_splat<f32>(ONE));
    return v128.andnot(power, f32x4.lt(x, v128.load_splat<f32>(LOWEST)));
  }

  /** exp(r) for |r| <= ln 2 / 2. */
  @inline static expOfRest(r: v128): v128 {
    // (exp(r) - 1 - r) / r^2 interpolated in Chebyshev's nodes; in two strands, so that one need not wait for the other.
    const r2 = f32x4.mul(r, r);
    const a = f32x4.add(f32x4.mul(v128.load_splat<f32>(EXP3), r), v128.load_splat<f32>(HALF));
    const b = f32x4.add(f32x4.mul(v128.load_splat<f32>(EXP5), r), v128.load_splat<f32>(EXP4));
    const c = f32x4.add(b, f32x4.mul(v128.load_splat<f32>(EXP6), r2));
    const rest = f32x4.mul(f32x4.add(a, f32x4.mul(c, r2)), r2);
    return f32x4.add(f32x4.add(rest, r), v128.load_splat<f32>(ONE));
  }

  /** Their product; 0 where the power is 0, whatever the first has become so far out. */
  @inline static product(exp: v128, power: v128): v128 {
    return v128.andnot(f32x4.mul(exp, power), i32x4.eq(power, i32x4.splat(0)));
  }

  /** -|x| */
  @inline static minusSize(x: v128): v128 {
    return v128.or(x, v128.load_splat<f32>(SIGN));
  }

  /** 1 / (1 + exp(-x)), at most 2.5 ulp off; 0 below -64. */
  @inline static sigmoid(x: v128): v128 {
    return Lanes.logistic(x, Lanes.exp(Lanes.minusSize(x)));
  }

  /** The sigmoid of x, where exp(-|x|) is known. */
  @inline static logistic(x: v128, small: v128): v128 {
    const one = v128.load_splat<f32>(ONE);
    const isNegative = f32x4.lt(x, f32x4.splat(0.0));
    return f32x4.div(v128.bitselect(small, one, isNegative), f32x4.add(small, one));
  }

  /** tanh(x), at most 1.5 ulp off. */
  @inline static tanh(x: v128): v128 {
    const sign = v128.and(x, v128.load_splat<f32>(SIGN));
    const size = v128.xor(x, sign);
    const small = Lanes.exp(f32x4.mul(size, v128.load_splat<f32>(MINUS_TWO)));
    const fraction = f32x4.div(f32x4.add(small, small), f32x4.add(small, v128.load_splat<f32>(ONE)));
    const far = f32x4.sub(v128.load_splat<f32>(ONE), fraction);
    // Near 0 that difference loses digits: there (tanh(x) / x - 1) / x^2, interpolated in Chebyshev's nodes.
    const z = f32x4.mul(x, x);
    let p = f32x4.add(f32x4.mul(v128.load_splat<f32>(TANH13), z), v128.load_splat<f32>(TANH11));
    p = f32x4.add(f32x4.mul(p, z), v128.load_splat<f32>(TANH9));
    p = f32x4.add(f32x4.mul(p, z), v128.load_splat<f32>(TANH7));
    p = f32x4.add(f32x4.mul(p, z), v128.load_splat<f32>(TANH5));
    p = f32x4.add(f32x4.mul(p, z), v128.load_splat<f32>(TANH3));
    const near = f32x4.add(f32x4.mul(f32x4.mul(p, z), size), size);
    const isNear = f32x4.lt(size, v128.load_splat<f32>(NEAR));
    return v128.or(v128.bitselect(near, far, isNear), sign);
  }

  /** The sums of the lanes of four vectors, in one vector. */
  @inline static sums(a: v128, b: v128, c: v128, d: v128): v128 {
    const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
    const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
    return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
  }

  /** Adds the first two of four float32 to two float64 in memory. */
  @inline static addLowTo(to: usize, values: v128): void {
    v128.store(to, f64x2.add(v128.load(to), f64x2.promote_low_f32x4(values)));
  }

  /** Adds the last two of four float32 to two float64 in memory. */
  @inline static addHighTo(to: usize, values: v128): void {
    Lanes.addLowTo(to, v128.shuffle<f32>(values, values, 2, 3, 2, 3));
  }

  /** Adds four float32 to four float64 in memory. */
  @inline static addTo(to: usize, values: v128): void {
    Lanes.addLowTo(to, values);
    Lanes.addHighTo(to + 16, values);
  }
}
