import assert from 'node:assert/strict';
import { test } from 'node:test';
import { render } from '../../../functions/plots/render.ts';
import { type Chart, headline, SCHEMA } from '../../../functions/plots/theme.ts';

const chart: Chart = {
  name: 'dots',
  title: 'Two dots </script><!-- & "more"',
  spec: {
    $schema: SCHEMA,
    title: headline('Two dots </script><!-- & "more"', 'a line below', 300),
    data: {
      values: [
        { x: 1, y: 2, name: '</script><script>alert(1)</script>' },
        { x: 3, y: 4, name: 'b' },
      ],
    },
    mark: 'circle',
    encoding: {
      x: { field: 'x', type: 'quantitative' },
      y: { field: 'y', type: 'quantitative' },
      color: { field: 'name', type: 'nominal' },
    },
  },
};

test('a chart is kept as spec, picture and page, with the same bytes each time', async () => {
  const first = await render(chart);
  const second = await render(chart);
  assert.deepEqual(Buffer.from(first.png.subarray(0, 8)), Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'));
  assert.equal(Buffer.from(first.spec).toString(), `${JSON.stringify(chart.spec, null, 2)}\n`);
  for (const part of ['spec', 'png', 'html'] as const) assert.ok(Buffer.from(first[part]).equals(second[part]), part);
});

test('a picture has two pixels for one of the spec, so that it is sharp in print', async () => {
  const png = Buffer.from((await render(chart)).png);
  assert.ok(png.readUInt32BE(16) >= 2 * 200, 'width');
  assert.equal(png.readUInt32BE(16) % 2, 0);
});

test('nothing in a title or in data ends the script of the page or becomes markup', async () => {
  const page = Buffer.from((await render(chart)).html).toString();
  assert.equal(page.match(/<\/script/gi)?.length, 2);
  assert.equal(page.match(/<script/gi)?.length, 2);
  assert.ok(!/alert\(1\)<|<!--/.test(page));
});

test('a page names no address from which anything would be loaded', async () => {
  const page = Buffer.from((await render(chart)).html).toString();
  assert.ok(!/<(?:script|img|iframe|link)[^>]* (?:src|href)="(?!data:)/.test(page));
  assert.ok(!/@import|url\(/.test(page.slice(0, page.indexOf('</style>'))));
});

test('a spec that Vega-Lite warns of is a fault, not a picture', async () => {
  const encoding = { x: { field: 'x', type: 'quantitative' }, shape: { field: 'y', type: 'quantitative' } };
  const faulty = { ...chart, spec: { ...chart.spec, encoding } as Chart['spec'] };
  await assert.rejects(render(faulty), /Faulty chart dots: .*shape/i);
});

test('many points drawn as one path look like the points', async () => {
  const points = (count: number): Chart => ({
    name: 'many',
    title: 'Many',
    spec: {
      $schema: SCHEMA,
      width: 100,
      height: 100,
      data: { values: Array.from({ length: count }, (_, index) => ({ x: 10 + (index % 2) * 80 })) },
      mark: { type: 'circle', size: 900, opacity: 1 },
      encoding: {
        x: { field: 'x', type: 'quantitative', scale: { domain: [0, 100] }, axis: null },
        color: { field: 'x', type: 'nominal', legend: null },
      },
    },
  });
  // Two places, each with many points on it: as many as are merged draw what two points draw.
  const few = Buffer.from((await render(points(2))).png);
  const many = Buffer.from((await render(points(400))).png);
  assert.ok(Math.abs(few.length - many.length) < 0.05 * few.length, `${few.length} and ${many.length} bytes`);
});
