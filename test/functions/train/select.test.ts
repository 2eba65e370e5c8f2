import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ExperimentSpecInput, resolveModel, specSchema } from '../../../events/spec.ts';
import { estimateMs, type Work } from '../../../functions/train/engines/cost.ts';
import { findNative } from '../../../functions/train/engines/native.ts';
import { selectEngine } from '../../../functions/train/engines/select.ts';

function workOf(dims: number, points: number, hidden: number[], training: ExperimentSpecInput['training'] = {}): Work {
  const spec = specSchema.parse({ models: [{ name: 'm', hidden }], training });
  return { dims, points, model: resolveModel(spec, 0) };
}

test('auto takes the kernel for networks that are narrow, of one layer, or trained by small batches', async () => {
  const works = [
    workOf(2, 10_000, [16]),
    workOf(2, 10_000, [1024], { epochs: 100_000 }),
    workOf(10, 100_000, [512, 512, 512], { batchSize: 64, epochs: 100 }),
    workOf(10, 100_000, [512, 512, 512], { epochs: 1 }),
  ];
  for (const work of works) assert.equal((await selectEngine('auto', work)).name, 'fused');
});

test('auto takes the native library for long trainings of wide layers that meet, where it is installed', async () => {
  const { name, reason } = await selectEngine('auto', workOf(10, 100_000, [512, 512, 512], { epochs: 100 }));
  const isThere = findNative() === undefined;
  assert.equal(name, isThere ? 'tensorflow' : 'fused');
  assert.match(reason, isThere ? /^the native library: about \d+ s; engine fused: \d+ s$/ : /WASM/);
});

test('auto leaves to TensorFlow.js what a kernel cannot address', async () => {
  const { name, reason } = await selectEngine('auto', workOf(64, 10_000_000, [16]));
  assert.equal(name, 'tensorflow');
  assert.match(reason, /^more points than engine fused can address/);
});

test('a cost grows with points, epochs, widths and steps, and is shared by threads', () => {
  const base = estimateMs('fused', workOf(3, 10_000, [16]));
  assert.ok(base > 50 && base < 500, `${base} ms`);
  assert.ok(estimateMs('fused', workOf(3, 20_000, [16])) > 1.5 * base);
  assert.ok(Math.abs(estimateMs('fused', workOf(3, 10_000, [16], { epochs: 2000 })) - 2 * base) < 1e-9);
  assert.ok(estimateMs('fused', workOf(3, 10_000, [64])) > 3 * base);
  assert.ok(estimateMs('fused', workOf(3, 10_000, [16], { batchSize: 1 })) > base);
  assert.ok(estimateMs('fused', workOf(3, 10_000, [16]), 2) < 0.6 * base);
  assert.equal(estimateMs('fused', workOf(3, 10_000, [16]), 64), estimateMs('fused', workOf(3, 10_000, [16]), 4));
});

test('units that are lines in a plane cost little, each of them less still', () => {
  const base = estimateMs('fused', workOf(2, 10_000, [16]));
  assert.ok(base > 20 && base < 100, `${base} ms`);
  assert.ok(base < 0.6 * estimateMs('fused', workOf(2, 10_000, [16], { batchSize: 5_000 })));
  const wide = estimateMs('fused', workOf(2, 10_000, [64]));
  assert.ok(wide > 1.3 * base && wide < 3 * base, `${wide} ms`);
  assert.ok(Math.abs(estimateMs('fused', workOf(2, 10_000, [16], { epochs: 2000 })) - 2 * base) < 1e-9);
});
