import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MEDIA } from '../../../events/descriptor.ts';
import { plotSchema } from '../../../events/parts.ts';
import { renderPlot, useRenderer } from '../../../functions/plots/renderer.ts';
import { type Chart, SCHEMA } from '../../../functions/plots/theme.ts';
import { makeMemoryStore } from '../../support/memory-store.ts';

const chart: Chart = {
  name: 'one-dot',
  title: 'One dot',
  spec: {
    $schema: SCHEMA,
    data: { values: [{ x: 1 }] },
    mark: 'point',
    encoding: { x: { field: 'x', type: 'quantitative' } },
  },
};

test('a plot names three artifacts, which the store then holds', async () => {
  await using _renderer = useRenderer();
  await using store = makeMemoryStore();
  const plot = plotSchema.parse(await renderPlot(store, chart));
  assert.equal(plot.name, 'one-dot');
  assert.deepEqual(
    [plot.png, plot.html, plot.spec].map(({ name, mediaType }) => [name, mediaType]),
    [
      ['one-dot.png', MEDIA.png],
      ['one-dot.html', MEDIA.html],
      ['one-dot.vl.json', MEDIA.vegaLite],
    ],
  );
  assert.deepEqual(JSON.parse((await store.artifacts.get(plot.spec.digest)).toString()), chart.spec);
});

test('the threads live until the last user has gone, and start again for the next', async () => {
  await using store = makeMemoryStore();
  const first = useRenderer();
  const second = useRenderer();
  await first[Symbol.asyncDispose]();
  await first[Symbol.asyncDispose]();
  const before = await renderPlot(store, chart);
  await second[Symbol.asyncDispose]();
  await using _third = useRenderer();
  assert.deepEqual(await renderPlot(store, chart), before);
});

test('a title longer than an event allows is cut', async () => {
  await using _renderer = useRenderer();
  await using store = makeMemoryStore();
  const plot = await renderPlot(store, { ...chart, title: 'long '.repeat(100) });
  assert.equal(plotSchema.parse(plot).title.length, 200);
});

test('a plot that nobody waits for any more is given up', async () => {
  await using _renderer = useRenderer();
  await using store = makeMemoryStore();
  await assert.rejects(renderPlot(store, chart, AbortSignal.abort(new Error('gone'))), /gone/);
});
