import type { Points } from '../../../dataset/points.ts';

/** Cells of a column per block of a column: so many that a block's points, which fill whole cells, lie close together. */
const FINENESS = 8;

/**
 * Where points of two coordinates are to lie in memory so that those of a block are near each other: in columns, up the
 * first and down the second, a block's being about as wide as high where the points are spread evenly. Linear in the number
 * of points, and the same for the same points.
 *
 * @param block points of a block
 * @returns gives the place of each point; to be asked once for each, in their order
 */
export function nearPlaces({ size, coordinates }: Points, block: number): (index: number) => number {
  const columns = Math.ceil(Math.sqrt(size / block));
  const rows = FINENESS * columns;
  const [first, second] = coordinates as [Float32Array, Float32Array];
  const columnOf = makeScale(first, columns);
  const rowOf = makeScale(second, rows);
  const cellOf = (index: number) => {
    const column = columnOf(first[index] as number);
    const row = rowOf(second[index] as number);
    return column * rows + (column % 2 === 0 ? row : rows - 1 - row);
  };
  const next = new Uint32Array(columns * rows);
  const take = (index: number) => {
    const cell = cellOf(index);
    const place = next[cell] as number;
    next[cell] = place + 1;
    return place;
  };
  for (let index = 0; index < size; index++) take(index);
  let before = 0;
  for (let cell = 0; cell < next.length; cell++) {
    const count = next[cell] as number;
    next[cell] = before;
    before += count;
  }
  return take;
}

/** Which of so many equal parts of their range values are in; the first where there is no range. */
function makeScale(values: Float32Array, parts: number): (value: number) => number {
  let least = Number.POSITIVE_INFINITY;
  let largest = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < least) least = value;
    if (value > largest) largest = value;
  }
  const scale = parts / (largest - least);
  return (value) => Math.min(parts - 1, ((value - least) * scale) | 0);
}
