import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EventOf, makeEvent } from '../../../events/define.ts';
import { MEDIA } from '../../../events/descriptor.ts';
import { writeStructured } from '../../../events/envelope.ts';
import { RejectedError } from '../../../events/errors.ts';
import { keyOf } from '../../../events/ids.ts';
import { toEnvelope } from '../../../events/read.ts';
import { datasetGenerated, type KnownEvent, type trainingRequested } from '../../../events/registry.ts';
import { type ExperimentSpecInput, specSchema } from '../../../events/spec.ts';
import { decodePoints, decodeTable, encodePoints } from '../../../functions/dataset/arrow.ts';
import { balanceOf } from '../../../functions/dataset/points.ts';
import { makePoints } from '../../../functions/dataset/xor.ts';
import { readLayersModel } from '../../../functions/model/layers-model.ts';
import { evaluate } from '../../../functions/model/metrics.ts';
import { predictLogits } from '../../../functions/model/network.ts';
import { LOG } from '../../../functions/store/port.ts';
import { definition } from '../../../functions/train/index.ts';
import { makeTestDeps, type TestDeps } from '../../support/deps.ts';

/** dataset.generated of a spec, with its files in the store. */
async function datasetOf(deps: TestDeps, input: ExperimentSpecInput): Promise<EventOf<typeof datasetGenerated>> {
  const spec = specSchema.parse(input);
  const put = async (split: 'train' | 'validation' | 'test') => {
    const points = makePoints(spec.dataset, split);
    const descriptor = await deps.store.artifacts.put(encodePoints(points), { mediaType: MEDIA.arrow, name: split });
    return { descriptor, balance: balanceOf(points) };
  };
  const [train, validation, testing] = [await put('train'), await put('validation'), await put('test')];
  return makeEvent(datasetGenerated, {
    source: '/xorflow/generate',
    id: 'd1',
    subject: 'xor-1',
    data: {
      spec,
      dataset: {
        dims: spec.dataset.dims,
        train: train.descriptor,
        validation: validation.descriptor,
        test: testing.descriptor,
      },
      balance: { train: train.balance, validation: validation.balance, test: testing.balance },
    },
  });
}

const SMALL = {
  dataset: { trainSize: 300, validationSize: 50, testSize: 60 },
  models: [
    { name: '1 hidden layer', hidden: [8] },
    { name: 'linear', hidden: [], epochs: 7 },
  ],
  training: { epochs: 120 },
} satisfies ExperimentSpecInput;

async function requestsOf(deps: TestDeps, input: ExperimentSpecInput): Promise<EventOf<typeof trainingRequested>[]> {
  const events = await definition.handle(await datasetOf(deps, input), deps);
  return events.filter((event) => event.type === 'training.requested');
}

async function trained(deps: TestDeps, request: KnownEvent | undefined) {
  assert.ok(request);
  const [event, ...others] = await definition.handle(request, deps);
  assert.equal(others.length, 0);
  assert.ok(event?.type === 'model.trained' && event.data);
  return { event, data: event.data };
}

test('dataset.generated brings about one training.requested per model, with its settled settings', async () => {
  await using deps = await makeTestDeps({ definition });
  const dataset = await datasetOf(deps, SMALL);
  const events = await definition.handle(dataset, deps);
  assert.deepEqual(
    events.map(
      (event) => event.type === 'training.requested' && [event.data?.index, event.data?.model.training.epochs],
    ),
    [
      [0, 120],
      [1, 7],
    ],
  );
  assert.equal(new Set(events.map(({ id }) => id)).size, 2);
  const again = await definition.handle(dataset, deps);
  assert.deepEqual(
    again.map(({ id }) => id),
    events.map(({ id }) => id),
  );
});

test('training.requested brings about model.trained, whose files say what its metrics say', async () => {
  await using deps = await makeTestDeps({ definition });
  const [request] = await requestsOf(deps, SMALL);
  const { event, data } = await trained(deps, request);
  assert.equal(event.source, '/xorflow/train');
  assert.equal(event.subject, 'xor-1');
  assert.equal(data.engine.name, 'fused');
  assert.ok(data.durationMs > 0);
  const get = (digest: string) => deps.store.artifacts.get(digest);
  const network = readLayersModel(await get(data.weights.model.digest), await get(data.weights.weights.digest));
  for (const split of ['train', 'validation', 'test'] as const) {
    const points = decodePoints(await get(data.dataset[split].digest));
    assert.deepEqual(evaluate(predictLogits(network, points), points.labels), data[split]);
  }
  const history = decodeTable(await get(data.history.digest));
  assert.deepEqual(Object.keys(history), ['epoch', 'loss', 'accuracy', 'validation_loss', 'validation_accuracy']);
  assert.deepEqual(
    history.epoch,
    Uint32Array.from({ length: 120 }, (_, index) => index + 1),
  );
  assert.ok(Math.abs((history.validation_loss?.at(-1) ?? 0) - data.validation.loss) < 1e-5);
});

test('the metric lines are what Katib reads, some fifty and the last epoch always', async () => {
  await using deps = await makeTestDeps({ definition });
  const [first, second] = await requestsOf(deps, SMALL);
  await trained(deps, first);
  assert.equal(deps.lines.length, 40);
  const number = String.raw`\d+(?:\.\d+)?(?:e-\d+)?`;
  const pattern = new RegExp(
    String.raw`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z xor-1/1-hidden-layer epoch=\d+ loss=${number} accuracy=${number} validation_loss=${number} validation_accuracy=${number}$`,
  );
  for (const line of deps.lines) assert.match(line, pattern);
  assert.match(deps.lines.at(-1) ?? '', / epoch=120 /);
  await trained(deps, second);
  assert.equal(deps.lines.length, 47);
  assert.match(deps.lines.at(-1) ?? '', / xor-1\/linear epoch=7 /);
});

test('a redelivered training.requested gives the same weights and no line twice', async () => {
  await using deps = await makeTestDeps({ definition });
  const [request] = await requestsOf(deps, SMALL);
  const one = await trained(deps, request);
  const other = await trained(deps, request);
  assert.equal(other.event.id, one.event.id);
  assert.deepEqual(other.data.weights, one.data.weights);
  assert.equal((await deps.store.logs.read(LOG.lines('xor-1'))).length, 40);
});

test('once model.trained is in the log, a redelivered training.requested gives that event and trains no more', async () => {
  await using deps = await makeTestDeps({ definition });
  const [request] = await requestsOf(deps, SMALL);
  const { event } = await trained(deps, request);
  const value = writeStructured(toEnvelope(event)).body.toString();
  await deps.store.logs.append(LOG.events('xor-1'), [{ key: keyOf(event), value }]);
  const again = await trained(deps, request);
  assert.deepEqual(again.event.toJSON(), event.toJSON());
  assert.equal(deps.lines.length, 40);
});

test('models are trained side by side', async () => {
  await using deps = await makeTestDeps({ definition });
  const requests = await requestsOf(deps, SMALL);
  const results = await Promise.all(requests.map((request) => trained(deps, request)));
  assert.deepEqual(
    results.map(({ data }) => data.model.name),
    ['1 hidden layer', 'linear'],
  );
});

test('a training that diverges is rejected and leaves no file behind', async () => {
  await using deps = await makeTestDeps({ definition });
  const [request] = await requestsOf(deps, {
    ...SMALL,
    models: [{ name: 'wild', hidden: [16, 16, 16, 16] }],
    training: { optimizer: 'sgd', learningRate: 100 },
  });
  assert.ok(request);
  let puts = 0;
  const artifacts: typeof deps.store.artifacts = {
    ...deps.store.artifacts,
    put: async (bytes, info) => {
      puts++;
      return deps.store.artifacts.put(bytes, info);
    },
  };
  const watched = { ...deps, store: { ...deps.store, artifacts } };
  await assert.rejects(definition.handle(request, watched), (error) => {
    return error instanceof RejectedError && error.code === 'DIVERGED' && /model "wild"/.test(error.message);
  });
  assert.equal(puts, 0);
});

test('an unknown digest, a file of other dimensions and NaN in the data are rejected', async () => {
  await using deps = await makeTestDeps({ definition });
  const [request] = await requestsOf(deps, SMALL);
  const codeOf = async (change: Partial<{ dims: number; train: typeof train }>) => {
    assert.ok(request?.data);
    const changed = request.cloneWith({
      data: { ...request.data, dataset: { ...request.data.dataset, ...change } },
    }) as EventOf<typeof trainingRequested>;
    return definition.handle(changed, deps).then(
      () => 'none',
      (error: unknown) => (error instanceof RejectedError ? error.code : String(error)),
    );
  };
  assert.ok(request?.data);
  const { train } = request.data.dataset;
  assert.equal(await codeOf({ train: { ...train, digest: `sha256:${'0'.repeat(64)}` } }), 'NOT_FOUND');
  assert.equal(await codeOf({ dims: 3 }), 'CORRUPT_ARTIFACT');
  const points = makePoints(specSchema.parse(SMALL).dataset, 'train');
  points.coordinates[0]?.fill(Number.NaN, 3, 4);
  const broken = await deps.store.artifacts.put(encodePoints(points), { mediaType: MEDIA.arrow, name: 'train.arrow' });
  assert.equal(await codeOf({ train: broken }), 'CORRUPT_ARTIFACT');
});

test('a cancelled training ends at once and its thread trains on', async () => {
  await using deps = await makeTestDeps({ definition });
  const [request] = await requestsOf(deps, { ...SMALL, training: { epochs: 50_000 } });
  assert.ok(request);
  const controller = new AbortController();
  const emitLines: typeof deps.emitLines = async () => controller.abort();
  // A line comes every 1000 epochs: the abort arrives in the middle of them.
  const running = definition.handle(request, { ...deps, signal: controller.signal, emitLines });
  const started = performance.now();
  await assert.rejects(running, { name: 'AbortError' });
  assert.ok(performance.now() - started < 10_000);
  const [next] = await requestsOf(deps, SMALL);
  await trained(deps, next);
});

test('the event loop goes on while models train on every core', async () => {
  await using deps = await makeTestDeps({ definition });
  const models = ['a', 'b', 'c'].map((name) => ({ name, hidden: [16, 16] }));
  const requests = await requestsOf(deps, { dataset: { trainSize: 5000 }, models, training: { epochs: 300 } });
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const started = performance.now();
  await Promise.all(requests.map((request) => definition.handle(request, deps)));
  clearInterval(timer);
  const ms = performance.now() - started;
  assert.ok(turns > ms / 20, `${turns} turns in ${ms.toFixed(0)} ms`);
});
