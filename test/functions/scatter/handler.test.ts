import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { derivedId, makeEvent } from '../../../events/define.ts';
import { MEDIA } from '../../../events/descriptor.ts';
import { RejectedError } from '../../../events/errors.ts';
import { datasetGenerated, samplesPlotted } from '../../../events/registry.ts';
import { encodePoints } from '../../../functions/dataset/arrow.ts';
import { useRenderer } from '../../../functions/plots/renderer.ts';
import { plotSamples, SOURCE } from '../../../functions/scatter/handler.ts';
import { makeTestDeps } from '../../support/deps.ts';

const renderer = useRenderer();
after(() => renderer[Symbol.asyncDispose]());

const bytes = encodePoints({
  dims: 2,
  size: 2,
  coordinates: [Float32Array.of(0.1, 0.9), Float32Array.of(0.2, 0.3)],
  labels: Uint8Array.of(0, 1),
});

const event = makeEvent(datasetGenerated, {
  source: '/xorflow/generate',
  id: 'generated',
  subject: 'xor-1',
  data: datasetGenerated.example,
});

test('a generated dataset becomes the plots of its train and test points, with the same ids and digests again', async () => {
  await using deps = await makeTestDeps();
  const file = await deps.store.artifacts.put(bytes, { mediaType: MEDIA.arrow, name: 'points.arrow' });
  const { data } = event;
  assert.ok(data);
  const dataset = { ...data.dataset, train: file, test: file };
  const caused = makeEvent(datasetGenerated, { ...event, subject: 'xor-1', data: { ...data, dataset } });
  const [plotted, ...more] = await plotSamples(caused, deps);
  assert.equal(more.length, 0);
  assert.ok(plotted);
  assert.equal(plotted.source, SOURCE);
  assert.equal(plotted.subject, 'xor-1');
  assert.equal(plotted.id, derivedId(caused, samplesPlotted));
  assert.equal(plotted.data?.experiment, 'xor-1');
  assert.deepEqual(
    plotted.data?.plots.map((plot) => plot.name),
    ['scatter-train', 'scatter-test'],
  );
  const [again] = await plotSamples(caused, deps);
  assert.deepEqual([again?.id, again?.data], [plotted.id, plotted.data]);
});

test('a dataset that the store does not have is refused for good', async () => {
  await using deps = await makeTestDeps();
  await assert.rejects(
    plotSamples(event, deps),
    (error) => error instanceof RejectedError && error.code === 'NOT_FOUND',
  );
});
