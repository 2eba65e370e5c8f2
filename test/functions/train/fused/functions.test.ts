import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { sigmoid } from '../../../../functions/model/network.ts';
import { type Kernel, loadKernels } from '../../../../functions/train/engines/fused/kernel.ts';

/** Values that the kernel takes at once. */
const SIZE = 2 ** 16;

let kernel: Kernel;
let place: number;

before(async () => {
  kernel = (await loadKernels())();
  kernel.begin(2);
  kernel.addLayer(2, 1, 0);
  kernel.allocate(1, SIZE, 1, SIZE, 0);
  place = kernel.trainRows();
});

/** The kernel's exp, sigmoid and tanh, by its numbers for them. */
const apply = (which: number, values: Float32Array): Float32Array => {
  const window = new Float32Array(kernel.memory.buffer, place, values.length);
  window.set(values);
  kernel.apply(which, place, values.length);
  return window.slice();
};

/** Every 997th float32 from -Infinity to Infinity, in portions. */
function* everyFloat(): Generator<Float32Array> {
  for (const sign of [0, 0x8000_0000]) {
    for (let base = 0; base < 0x7f80_0000; base += 997 * SIZE) {
      const bits = Uint32Array.from({ length: SIZE }, (_, index) => sign + Math.min(base + index * 997, 0x7f80_0000));
      yield new Float32Array(bits.buffer);
    }
  }
}

/** The distance from a float32 to its neighbour away from 0. */
function unitOf(value: number, digits = 23, lowest = -126): number {
  let exponent = Math.max(lowest, Math.floor(Math.log2(Math.abs(value))));
  if (2 ** exponent > Math.abs(value) && exponent > lowest) exponent--;
  return 2 ** (exponent - digits);
}

const FUNCTIONS = [
  { name: 'exp', reference: Math.exp, from: -64, to: 0, ulps: 1.1 },
  { name: 'sigmoid', reference: sigmoid, from: -64, to: Number.POSITIVE_INFINITY, ulps: 2.5 },
  {
    name: 'tanh',
    reference: Math.tanh,
    from: Number.NEGATIVE_INFINITY,
    to: Number.POSITIVE_INFINITY,
    ulps: 1.5,
  },
];

for (const [which, { name, reference, from, to, ulps }] of FUNCTIONS.entries()) {
  test(`${name} is at most ${ulps} ulp off, for float32 of every size from ${from} to ${to}`, () => {
    let worst = 0;
    let at = 0;
    for (const values of everyFloat()) {
      for (const [index, own] of apply(which, values).entries()) {
        const value = values[index] ?? Number.NaN;
        if (value < from || value > to) continue;
        const exact = reference(value);
        const error = Math.abs(own - exact) / unitOf(exact);
        if (error <= worst) continue;
        worst = error;
        at = value;
      }
    }
    assert.ok(worst > 0 && worst <= ulps, `${name}(${at}) is ${worst} ulp off`);
  });
}

test('at the ends, exp, sigmoid and tanh are where they tend to, and 0 before they would be subnormal', () => {
  const { NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number;
  for (const which of [0, 1]) {
    assert.deepEqual(apply(which, Float32Array.of(-64.01, -104, -3e38, NEGATIVE_INFINITY)), new Float32Array(4));
  }
  assert.deepEqual(apply(0, Float32Array.of(0, -0, 0, -0)), Float32Array.of(1, 1, 1, 1));
  assert.deepEqual(apply(1, Float32Array.of(0, -0, 90, POSITIVE_INFINITY)), Float32Array.of(0.5, 0.5, 1, 1));
  assert.deepEqual(
    apply(2, Float32Array.of(NEGATIVE_INFINITY, -0, 0, POSITIVE_INFINITY)),
    Float32Array.of(-1, -0, 0, 1),
  );
});

test('of NaN, exp, sigmoid, tanh and log make NaN', () => {
  for (const which of [0, 1, 2]) {
    assert.ok(apply(which, new Float32Array(4).fill(Number.NaN)).every(Number.isNaN));
  }
  assert.ok(Number.isNaN(kernel.log(Number.NaN)));
});

test('log is at most 2 ulp off, from the smallest subnormal number to the largest', () => {
  for (let index = 0; index < 400_000; index++) {
    // By powers of two over the whole range, and close to 1.
    const value = index % 2 ? 2 ** (-1074 + (index * 2098) / 400_000) : 1 + (index - 200_000) / 400_001;
    const exact = Math.log(value);
    const error = Math.abs(kernel.log(value) - exact) / unitOf(exact, 52, -1022);
    assert.ok(error <= 2, `log(${value}) is ${error} ulp off`);
  }
  assert.equal(kernel.log(1), 0);
  assert.equal(kernel.log(0), Number.NEGATIVE_INFINITY);
  assert.equal(kernel.log(Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY);
  assert.ok(Number.isNaN(kernel.log(-1)));
});
