/** Functions of four float32 at once, by additions, multiplications and one division: IEEE 754 fixes every bit of them. */
export class Lanes {
  /**
   * exp(x) for x <= 0, at most 1.1 ulp off. Where the result would be less than the smallest normal number (x < -87.33)
   * it is about that number: what is subnormal slows processors down a hundredfold.
   */
  @inline static exp(x: v128): v128 {
    // The larger one; NaN stays, as it is not less.
    const lowest = f32x4.splat(-87.33654);
    const bounded = f32x4.pmax(x, lowest);
    // Adding 1.5 * 2^23 rounds to an integer and leaves it in the lowest bits.
    const shifter = f32x4.splat(12582912.0);
    const shifted = f32x4.add(f32x4.mul(bounded, f32x4.splat(1.44269504)), shifter);
    const n = f32x4.sub(shifted, shifter);
    // ln 2 in two parts; n times the first is exact.
    const high = f32x4.sub(bounded, f32x4.mul(n, f32x4.splat(0.693359375)));
    const r = f32x4.sub(high, f32x4.mul(n, f32x4.splat(-2.1219444e-4)));
    // (exp(r) - 1 - r) / r^2 interpolated in Chebyshev's nodes.
    let p = f32x4.add(f32x4.mul(f32x4.splat(0.0013926376), r), f32x4.splat(0.008363333));
    p = f32x4.add(f32x4.mul(p, r), f32x4.splat(0.041666553));
    p = f32x4.add(f32x4.mul(p, r), f32x4.splat(0.16666576));
    p = f32x4.add(f32x4.mul(p, r), f32x4.splat(0.5));
    p = f32x4.add(f32x4.mul(p, f32x4.mul(r, r)), r);
    p = f32x4.add(p, f32x4.splat(1.0));
    const power = i32x4.add(i32x4.shl(shifted, 23), i32x4.splat(0x3f800000));
    return f32x4.mul(p, power);
  }

  /** 1 / (1 + exp(-x)), at most 3 ulp off; below -87.33 about the smallest normal number. */
  @inline static sigmoid(x: v128): v128 {
    const small = Lanes.exp(f32x4.neg(f32x4.abs(x)));
    const inverse = f32x4.div(f32x4.splat(1.0), f32x4.add(small, f32x4.splat(1.0)));
    const isNegative = f32x4.lt(x, f32x4.splat(0.0));
    return v128.bitselect(f32x4.mul(small, inverse), inverse, isNegative);
  }

  /** tanh(x), at most 1.5 ulp off. */
  @inline static tanh(x: v128): v128 {
    const sign = v128.and(x, i32x4.splat(0x80000000));
    const size = f32x4.abs(x);
    const small = Lanes.exp(f32x4.mul(size, f32x4.splat(-2.0)));
    const fraction = f32x4.div(f32x4.add(small, small), f32x4.add(small, f32x4.splat(1.0)));
    const far = f32x4.sub(f32x4.splat(1.0), fraction);
    // Near 0 that difference loses digits: there (tanh(x) / x - 1) / x^2, interpolated in Chebyshev's nodes.
    const z = f32x4.mul(x, x);
    let p = f32x4.add(f32x4.mul(f32x4.splat(0.0022927448), z), f32x4.splat(-0.0083439455));
    p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.021768919));
    p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-0.05395926));
    p = f32x4.add(f32x4.mul(p, z), f32x4.splat(0.13333304));
    p = f32x4.add(f32x4.mul(p, z), f32x4.splat(-0.33333333));
    const near = f32x4.add(f32x4.mul(f32x4.mul(p, z), size), size);
    const isNear = f32x4.lt(size, f32x4.splat(0.625));
    return v128.or(v128.bitselect(near, far, isNear), sign);
  }

  /** The sums of the lanes of four vectors, in one vector. */
  @inline static sums(a: v128, b: v128, c: v128, d: v128): v128 {
    const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
    const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
    return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
  }

  /** Adds four float32 to four float64 in memory. */
  @inline static addTo(to: usize, values: v128): void {
    v128.store(to, f64x2.add(v128.load(to), f64x2.promote_low_f32x4(values)));
    const upper = v128.shuffle<f32>(values, values, 2, 3, 2, 3);
    v128.store(to, f64x2.add(v128.load(to, 16), f64x2.promote_low_f32x4(upper)), 16);
  }
}
