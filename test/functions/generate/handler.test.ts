import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeEvent } from '../../../events/define.ts';
import { RejectedError } from '../../../events/errors.ts';
import { experimentRequested } from '../../../events/registry.ts';
import { type ExperimentSpecInput, specSchema } from '../../../events/spec.ts';
import { decodePoints } from '../../../functions/dataset/arrow.ts';
import { balanceOf } from '../../../functions/dataset/points.ts';
import { definition } from '../../../functions/generate/index.ts';
import { makeTestDeps } from '../../support/deps.ts';

const request = (spec: ExperimentSpecInput) =>
  makeEvent(experimentRequested, { source: '/test', id: 'r1', subject: 'xor-1', data: specSchema.parse(spec) });

test('experiment.requested brings about dataset.generated with three files', async () => {
  await using deps = await makeTestDeps({ definition });
  const [event, ...others] = await definition.handle(request({ dataset: { dims: 3, trainSize: 50 } }), deps);
  assert.equal(others.length, 0);
  assert.ok(event?.type === 'dataset.generated' && event.data);
  assert.equal(event.source, '/xorflow/generate');
  assert.equal(event.subject, 'xor-1');
  assert.equal(event.dims, '3');
  const { dataset, balance } = event.data;
  for (const [split, size] of [['train', 50] as const, ['validation', 1000] as const, ['test', 1000] as const]) {
    const points = decodePoints(await deps.store.artifacts.get(dataset[split].digest));
    assert.deepEqual([points.dims, points.size], [3, size]);
    assert.deepEqual(balanceOf(points), balance[split]);
    assert.equal(dataset[split].name, `${split}.arrow`);
  }
});

test('a redelivered request brings about the very same event', async () => {
  await using first = await makeTestDeps({ definition });
  await using second = await makeTestDeps({ definition });
  const [one] = await definition.handle(request({}), first);
  const [other] = await definition.handle(request({}), second);
  assert.equal(one?.id, other?.id);
  assert.deepEqual(one?.data, other?.data);
});

test('a large dataset is generated on a thread, with the same bytes', async () => {
  await using deps = await makeTestDeps({ definition });
  const [large] = await definition.handle(request({ dataset: { trainSize: 600_000 } }), deps);
  assert.ok(large?.type === 'dataset.generated' && large.data);
  const points = decodePoints(await deps.store.artifacts.get(large.data.dataset.train.digest));
  assert.equal(points.size, 600_000);
  const [small] = await definition.handle(request({ dataset: { trainSize: 1000 } }), deps);
  assert.ok(small?.type === 'dataset.generated' && small.data);
  const beginning = decodePoints(await deps.store.artifacts.get(small.data.dataset.train.digest));
  assert.deepEqual(points.coordinates[0]?.slice(0, 1000), beginning.coordinates[0]);
});

test('an experiment that cannot fit in memory is rejected with the numbers before anything is made', async () => {
  await using deps = await makeTestDeps({ definition });
  const huge = request({ dataset: { dims: 64, trainSize: 100_000_000 } });
  await assert.rejects(definition.handle(huge, deps), (error) => {
    return (
      error instanceof RejectedError &&
      error.code === 'INSUFFICIENT_MEMORY' &&
      /100000000 training points in 64 dimensions: it needs about [\d.]+ GiB of memory, expected at most [\d.]+ GiB/.test(
        error.message,
      )
    );
  });
});
