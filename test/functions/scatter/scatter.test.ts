import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allocatePoints, type Points } from '../../../functions/dataset/points.ts';
import { compile } from '../../../functions/plots/compile.ts';
import { MAX_POINTS, scatterChart } from '../../../functions/scatter/scatter.ts';
import { assertGolden } from '../plots/golden.ts';

const GOLDEN = new URL('./golden/', import.meta.url);

const points: Points = {
  dims: 2,
  size: 4,
  coordinates: [Float32Array.of(0.1, 0.9, 0.25, 0.75), Float32Array.of(0.2, 0.8, 0.6, 0.4)],
  labels: Uint8Array.of(0, 0, 1, 1),
};

for (const split of ['train', 'test'] as const) {
  test(`the spec of the ${split} points is, byte for byte, the recorded one, and Vega-Lite warns of nothing`, () => {
    const chart = scatterChart({ experimentName: 'xor', split, points });
    assertGolden(chart, GOLDEN);
    compile(chart);
  });
}

test('the title says how the classes lie and how many points the second one has', () => {
  const { title } = scatterChart({ experimentName: 'xor', split: 'test', points });
  assert.equal(title, 'Each class lies in two opposite quadrants; class 1 has 50.0% of the test points');
});

test('points of one class only are said to be so', () => {
  const { title } = scatterChart({ experimentName: 'xor', split: 'train', points: allocatePoints(2, 1) });
  assert.equal(title, 'All training points are of class 0');
});

test('of more points than can be told apart the first are drawn, and the subtitle says so', () => {
  const many = allocatePoints(2, MAX_POINTS + 1);
  const text = JSON.stringify(scatterChart({ experimentName: 'xor', split: 'train', points: many }).spec);
  assert.match(text, /the first 10,000 of 10,001 points/);
  assert.equal(text.match(/\\n0,0,0/g)?.length, MAX_POINTS);
});
