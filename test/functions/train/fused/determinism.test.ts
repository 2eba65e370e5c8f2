import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { before, test } from 'node:test';
import { RejectedError } from '../../../../events/errors.ts';
import { type ExperimentSpecInput, resolveModel, specSchema } from '../../../../events/spec.ts';
import { makePoints } from '../../../../functions/generate/xor.ts';
import { writeLayersModel } from '../../../../functions/model/layers-model.ts';
import type { EpochMetrics } from '../../../../functions/train/engines/engine.ts';
import { trainWithKernel } from '../../../../functions/train/engines/fused/fused.ts';
import { type Kernel, loadKernels } from '../../../../functions/train/engines/fused/kernel.ts';
import { threadsFor } from '../../../../functions/train/engines/fused/threads.ts';

let makeKernel: () => Kernel;

before(async () => {
  makeKernel = await loadKernels();
});

function train(input: ExperimentSpecInput, onEpoch: (metrics: EpochMetrics) => void = () => undefined) {
  const spec = specSchema.parse(input);
  const data = { train: makePoints(spec.dataset, 'train'), validation: makePoints(spec.dataset, 'validation') };
  return trainWithKernel(makeKernel(), data, resolveModel(spec, 0), onEpoch);
}

function digestOf(input: ExperimentSpecInput): string {
  const { weights } = writeLayersModel(train(input).weights);
  return `sha256:${createHash('sha256').update(weights).digest('hex')}`;
}

interface Golden {
  readonly spec: ExperimentSpecInput;
  readonly weights: string;
}

test('six specs give, to the last bit, the weights that they gave before', () => {
  const file = new URL('./golden/weights.json', import.meta.url);
  const golden: Golden[] = JSON.parse(readFileSync(file, 'utf8'));
  assert.equal(golden.length, 6);
  const actual = golden.map(({ spec }) => ({ spec, weights: digestOf(spec) }));
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, `${JSON.stringify(actual, null, 2)}\n`);
  assert.deepEqual(actual, JSON.parse(readFileSync(file, 'utf8')), 'after a wanted change run with UPDATE_GOLDEN=1');
});

test('any number of threads gives the same weights, also one that changes from epoch to epoch', () => {
  const spec = specSchema.parse({
    models: [{ name: 'm', hidden: [16, 16] }],
    training: { epochs: 300, batchSize: 4001 },
  });
  const data = { train: makePoints(spec.dataset, 'train'), validation: makePoints(spec.dataset, 'validation') };
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const counts = [[1], [2], [4], [1, 2, 4, 3, 1, 4, 2]];
  const [one, ...others] = counts.map((threads) => {
    const kernel = makeKernel();
    const most = Math.max(...threads) - 1;
    let epoch = 0;
    // The helpers are given time to come up.
    const wait = () => {
      epoch++;
      if (most > 0 && kernel.helped() === 0) Atomics.wait(pause, 0, 0, 20);
    };
    const now = () => (threads[epoch % threads.length] ?? 1) - 1;
    const { weights, history } = trainWithKernel(kernel, data, resolveModel(spec, 0), wait, { most, now });
    assert.equal(kernel.helped() > 0, most > 0);
    return { weights, history };
  });
  for (const other of others) assert.deepEqual(other, one);
});

test('threads are used where they gain: for much work in large batches', () => {
  const threads = (hidden: number[], training: ExperimentSpecInput['training']) => {
    const spec = specSchema.parse({ models: [{ name: 'm', hidden }], training });
    return threadsFor(2, 10_000, resolveModel(spec, 0));
  };
  assert.equal(threads([16, 16], {}), 4);
  assert.equal(threads([16], {}), 4);
  assert.equal(threads([16, 16], { epochs: 10 }), 1);
  assert.equal(threads([16, 16], { batchSize: 64 }), 1);
  assert.equal(threads([], {}), 1);
});

test('another seed gives other weights', () => {
  const spec = (seed: number) => ({
    dataset: { trainSize: 100 },
    models: [{ name: 'm', hidden: [4] }],
    training: { epochs: 2, seed },
  });
  assert.notEqual(digestOf(spec(1)), digestOf(spec(2)));
});

test('a loss that is no number is rejected with epoch, model and learning rate', () => {
  assert.throws(
    () =>
      train({
        dataset: { trainSize: 200, validationSize: 50 },
        models: [{ name: 'wild', hidden: [16, 16, 16, 16] }],
        training: { optimizer: 'sgd', learningRate: 100 },
      }),
    (error) =>
      error instanceof RejectedError &&
      error.code === 'DIVERGED' &&
      /epoch \d+ of model "wild" with learningRate 100/.test(error.message),
  );
});

test('more points than a kernel can address are rejected before any memory is taken', () => {
  const spec = specSchema.parse({});
  const few = makePoints({ ...spec.dataset, trainSize: 10 }, 'train');
  const many = { ...few, dims: 64, size: 20_000_000 };
  assert.throws(
    () => trainWithKernel(makeKernel(), { train: many, validation: few }, resolveModel(spec, 0), () => undefined),
    (error) => error instanceof RejectedError && error.code === 'INSUFFICIENT_MEMORY' && /20000000/.test(error.message),
  );
});

test('what onEpoch throws ends the training, and the kernel of the next knows nothing of it', () => {
  const spec = { models: [{ name: 'm', hidden: [4] }], training: { epochs: 5 } };
  let epochs = 0;
  assert.throws(
    () =>
      train(spec, () => {
        epochs++;
        if (epochs === 2) throw new Error('stopped');
      }),
    /stopped/,
  );
  assert.equal(epochs, 2);
  assert.equal(digestOf(spec), digestOf(spec));
});
