import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearPlaces } from '../../../../functions/train/engines/fused/places.ts';

const BLOCK = 128;

function placesOf(first: Float32Array, second: Float32Array): number[] {
  const size = first.length;
  const place = nearPlaces({ dims: 2, size, coordinates: [first, second], labels: new Uint8Array(size) }, BLOCK);
  return Array.from({ length: size }, (_, index) => place(index));
}

/** Numbers in [0, 1), the same every time. */
function numbers(size: number, factor: number): Float32Array {
  return Float32Array.from({ length: size }, (_, index) => ((index + 1) * factor) % 1);
}

const GOLDEN_RATIO = 0.6180339887;
const PLASTIC = 0.7548776662;

const CASES: readonly [string, Float32Array, Float32Array][] = [
  ['one point', numbers(1, PLASTIC), numbers(1, GOLDEN_RATIO)],
  ['less than a block', numbers(100, PLASTIC), numbers(100, GOLDEN_RATIO)],
  ['ten thousand points', numbers(10_000, PLASTIC), numbers(10_000, GOLDEN_RATIO)],
  ['all in one place', new Float32Array(1000), new Float32Array(1000).fill(3)],
  ['on a line', numbers(1000, PLASTIC), new Float32Array(1000)],
  ['a far one among them', Float32Array.of(1e30, ...numbers(999, PLASTIC)), numbers(1000, GOLDEN_RATIO)],
  ['no numbers among them', Float32Array.of(Number.NaN, -Infinity, ...numbers(998, PLASTIC)), numbers(1000, PLASTIC)],
];

for (const [what, first, second] of CASES) {
  test(`${what}: every point has a place of its own, and there are no others`, () => {
    const places = placesOf(first, second).sort((a, b) => a - b);
    assert.deepEqual(places, Array.from(places.keys()));
  });
}

test('a block of points that are spread evenly is hardly larger than its share of the plane', () => {
  const [first, second] = [numbers(10_000, PLASTIC), numbers(10_000, GOLDEN_RATIO)];
  const blocks = new Map<number, { x: number[]; y: number[] }>();
  for (const [index, place] of placesOf(first, second).entries()) {
    const number = Math.floor(place / BLOCK);
    const block = blocks.get(number) ?? { x: [], y: [] };
    block.x.push(first[index] as number);
    block.y.push(second[index] as number);
    blocks.set(number, block);
  }
  const extent = (values: number[]) => Math.max(...values) - Math.min(...values);
  const halves = [...blocks.values()].map(({ x, y }) => (extent(x) + extent(y)) / 2);
  const mean = halves.reduce((sum, half) => sum + half, 0) / halves.length;
  const ideal = Math.sqrt(BLOCK / 10_000);
  assert.ok(mean < 1.5 * ideal, `${mean.toFixed(3)}, ideally ${ideal.toFixed(3)}`);
});
