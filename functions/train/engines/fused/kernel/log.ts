const LN2_HIGH: f64 = 0.6931471803691238;
const LN2_LOW: f64 = 1.9082149292705877e-10;
/** The bits of about sqrt(1/2): what lies between it and its double is near enough to 1. */
const HALF_ROOT: u64 = 0x3fe6a09e00000000;

/** The natural logarithm, at most 2 ulp off. */
export function log(x: f64): f64 {
  if (!(x > 0)) return x == 0 ? -Infinity : NaN;
  if (x == Infinity) return x;
  let exponent = 0;
  let value = x;
  // A subnormal number is made normal.
  if (value < f64.MIN_NORMAL_VALUE) {
    value *= 18014398509481984.0;
    exponent = -54;
  }
  const bits = reinterpret<u64>(value);
  const steps = <i32>(<i64>(bits - HALF_ROOT) >> 52);
  exponent += steps;
  const f = reinterpret<f64>(bits - ((<u64>steps) << 52)) - 1;
  // log(1 + f) = 2 artanh(s) = f - s (f - 2 s^2 (1/3 + s^2/5 + …)): the first term is exact.
  const s = f / (2 + f);
  const z = s * s;
  let series: f64 = 1.0 / 23.0;
  series = series * z + 1.0 / 21.0;
  series = series * z + 1.0 / 19.0;
  series = series * z + 1.0 / 17.0;
  series = series * z + 1.0 / 15.0;
  series = series * z + 1.0 / 13.0;
  series = series * z + 1.0 / 11.0;
  series = series * z + 1.0 / 9.0;
  series = series * z + 1.0 / 7.0;
  series = series * z + 1.0 / 5.0;
  series = series * z + 1.0 / 3.0;
  const high = <f64>exponent * LN2_HIGH;
  const low = <f64>exponent * LN2_LOW;
  return high - (s * (f - 2 * z * series) - low - f);
}
