import { DIRECTIONS, type Direction } from './joe-kuo.ts';

const BITS = 32;

/** Column `i` of a dimension's generating matrix, as the upper bits of a 32-bit number; the first dimension has no `direction`. */
function columnsOf(direction: Direction | undefined): Uint32Array {
  const columns = new Uint32Array(BITS);
  const degree = direction?.degree ?? BITS;
  for (let i = 0; i < BITS; i++) {
    if (!direction || i < degree) {
      columns[i] = ((direction?.initial[i] ?? 1) << (BITS - 1 - i)) >>> 0;
      continue;
    }
    const before = columns[i - degree] ?? 0;
    let column = before ^ (before >>> degree);
    for (let k = 1; k < degree; k++)
      if ((direction.coefficients >> (degree - 1 - k)) & 1) column ^= columns[i - k] ?? 0;
    columns[i] = column >>> 0;
  }
  return columns;
}

let matrices: readonly Uint32Array[] | undefined;

/** How many coordinates a Sobol' point can have here. */
export const MAX_DIMENSIONS = DIRECTIONS.length + 1;

/**
 * Coordinates of one point of the Sobol' sequence, in [0, 1), in the order of Antonov and Saleev: point 0 is the origin and
 * point 1 the middle.
 *
 * @param index of the point, below 2^32
 * @param dimensions which of the sequence's dimensions, from 0 to `MAX_DIMENSIONS` - 1
 */
export function sobolPoint(index: number, dimensions: readonly number[]): readonly number[] {
  matrices ??= [undefined, ...DIRECTIONS].map(columnsOf);
  const gray = (index ^ (index >>> 1)) >>> 0;
  return dimensions.map((dimension) => {
    const columns = matrices?.[dimension];
    let bits = 0;
    for (let i = 0; columns && i < BITS; i++) if ((gray >>> i) & 1) bits ^= columns[i] ?? 0;
    return (bits >>> 0) / 2 ** BITS;
  });
}
