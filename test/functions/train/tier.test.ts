import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ExperimentSpecInput, resolveModel, specSchema } from '../../../events/spec.ts';
import { readJobLimit, tierOf } from '../../../functions/train/tier.ts';

function tier(input: ExperimentSpecInput, seconds = 60): string {
  const spec = specSchema.parse(input);
  return tierOf(spec.dataset, resolveModel(spec, 0), seconds * 1000);
}

test('a training over the limit is a Job, by what its engine is estimated to take', () => {
  const models = [{ name: 'm', hidden: [16, 16] }];
  assert.equal(tier({ models }), 'service');
  assert.equal(tier({ models, dataset: { trainSize: 10_000_000 } }), 'job');
  assert.equal(tier({ models, training: { epochs: 1_000_000 } }), 'job');
  // The WASM backend takes ten times as long as the kernel.
  assert.equal(tier({ models, training: { epochs: 30_000 } }), 'service');
  assert.equal(tier({ models, training: { epochs: 30_000, engine: 'tensorflow' } }), 'job');
});

test('the limit is one setting, in seconds; 0 makes a Job of everything', () => {
  assert.equal(readJobLimit({}), 60_000);
  assert.equal(readJobLimit({ XORFLOW_JOB_SECONDS: '1.5' }), 1500);
  assert.equal(tier({}, readJobLimit({ XORFLOW_JOB_SECONDS: '0' })), 'job');
  for (const value of ['-1', 'soon', 'NaN', 'Infinity']) {
    assert.throws(() => readJobLimit({ XORFLOW_JOB_SECONDS: value }), {
      code: 'INVALID_ARGUMENT',
      message: `Wrong value "${value}" in XORFLOW_JOB_SECONDS: expected a number of seconds from 0`,
    });
  }
});
