import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { RejectedError } from '../../../../events/errors.ts';
import { type ExperimentSpecInput, resolveModel, specSchema } from '../../../../events/spec.ts';
import { makePoints } from '../../../../functions/dataset/xor.ts';
import type { EpochMetrics } from '../../../../functions/train/engines/engine.ts';
import { trainWithKernel } from '../../../../functions/train/engines/fused/fused.ts';
import { type Kernel, loadKernels } from '../../../../functions/train/engines/fused/kernel.ts';
import { threadsFor } from '../../../../functions/train/engines/fused/threads.ts';
import { makeFolder } from '../../../support/manifests.ts';
import { type Golden, weightsDigest } from './weights.ts';

let makeKernel: () => Kernel;

before(async () => {
  makeKernel = await loadKernels();
});

function train(
  input: ExperimentSpecInput,
  onEpoch: (metrics: EpochMetrics) => void = () => undefined,
  isJudged?: (epoch: number) => boolean,
) {
  const spec = specSchema.parse(input);
  const data = { train: makePoints(spec.dataset, 'train'), validation: makePoints(spec.dataset, 'validation') };
  return trainWithKernel(makeKernel(), data, resolveModel(spec, 0), onEpoch, undefined, isJudged);
}

const digestOf = (input: ExperimentSpecInput) => weightsDigest(makeKernel(), input);
const GOLDEN = new URL('./golden/weights.json', import.meta.url);
const readGolden = (): Golden[] => JSON.parse(readFileSync(GOLDEN, 'utf8'));

test('six specs give, to the last bit, the weights that they gave before', () => {
  const golden = readGolden();
  assert.equal(golden.length, 6);
  const actual = golden.map(({ spec }) => ({ spec, weights: digestOf(spec) }));
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(GOLDEN, `${JSON.stringify(actual, null, 2)}\n`);
  assert.deepEqual(actual, readGolden(), 'after a wanted change run with UPDATE_GOLDEN=1');
});

test('Node 22, with another generation of its compiler, gives the same weights', async (context) => {
  await using folder = await makeFolder();
  const name = `node-${process.platform}-${process.arch}`;
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefix', folder.path];
  try {
    await promisify(execFile)('npm', ['install', ...options, `${name}@22`], { cwd: folder.path });
  } catch (error) {
    if (process.env.CI) throw error;
    process.stderr.write('The digests on Node 22 are NOT tested: npm has none for this machine\n');
    return context.skip(`npm has no ${name}@22`);
  }
  const node = join(folder.path, 'node_modules', name, 'bin', 'node');
  const script = fileURLToPath(new URL('./weights-process.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(node, ['--no-warnings', script, fileURLToPath(GOLDEN)]);
  const { version, golden } = JSON.parse(stdout);
  assert.match(version, /^v22\./);
  assert.deepEqual(golden, readGolden());
});

for (const [what, hidden, batchSize, epochs] of [
  ['two layers in batches', [16, 16], 4001, 300],
  ['one layer in full batches', [16], 'full', 1000],
] as const) {
  test(`${what}: any number of threads gives the same weights, also one that changes from epoch to epoch`, () => {
    const spec = specSchema.parse({ models: [{ name: 'm', hidden: [...hidden] }], training: { epochs, batchSize } });
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
}

test('epochs that are not judged have no metrics; the weights, and the metrics of the others, stay the same', () => {
  const isJudged = (epoch: number) => epoch % 3 === 0;
  for (const { dims = 2, hidden = [8], training = {} } of [
    {},
    { hidden: [] },
    { dims: 5, hidden: [7, 3], training: { batchSize: 130 } },
  ]) {
    const spec = {
      dataset: { dims, trainSize: 1000, validationSize: 100 },
      models: [{ name: 'm', hidden }],
      training: { epochs: 20, ...training },
    };
    const all = train(spec);
    const some = train(spec, undefined, isJudged);
    assert.deepEqual(some.weights, all.weights);
    for (const name of ['loss', 'accuracy', 'validationLoss', 'validationAccuracy'] as const) {
      const expected = all.history[name].map((value, row) => (isJudged(row + 1) ? value : Number.NaN));
      assert.deepEqual(some.history[name], expected);
    }
  }
});

test('threads are used where they gain: for much work in large batches', () => {
  const threads = (hidden: number[], training: ExperimentSpecInput['training']) => {
    const spec = specSchema.parse({ models: [{ name: 'm', hidden }], training });
    return threadsFor({ dims: 2, points: 10_000, model: resolveModel(spec, 0) });
  };
  assert.equal(threads([16, 16], {}), 4);
  assert.equal(threads([16], { epochs: 3000 }), 4);
  // Over before a thread has come up.
  assert.equal(threads([16], {}), 1);
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

function assertDiverges(isJudged?: (epoch: number) => boolean): void {
  assert.throws(
    () =>
      train(
        {
          dataset: { trainSize: 200, validationSize: 50 },
          models: [{ name: 'wild', hidden: [16, 16, 16, 16] }],
          training: { optimizer: 'sgd', learningRate: 100 },
        },
        undefined,
        isJudged,
      ),
    (error) =>
      error instanceof RejectedError &&
      error.code === 'DIVERGED' &&
      /epoch \d+ of model "wild" with learningRate 100/.test(error.message),
  );
}

test('a loss that is no number is rejected with epoch, model and learning rate', () => assertDiverges());

test('a weight that is no number is rejected, also where no epoch is judged', () => assertDiverges(() => false));

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
