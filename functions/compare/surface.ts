import { type Network, predictLogits, sigmoid } from '../model/network.ts';
import type { Surface } from './comparison.ts';

/** The probability of class 1 at the middle of each cell of the unit square. */
export function surfaceOf(network: Network, cells: number): Surface {
  const size = cells * cells;
  const first = Float32Array.from({ length: size }, (_, cell) => ((cell % cells) + 0.5) / cells);
  const second = Float32Array.from({ length: size }, (_, cell) => (Math.floor(cell / cells) + 0.5) / cells);
  const logits = predictLogits(network, { size, coordinates: [first, second] });
  return { cells, values: Array.from(logits, sigmoid) };
}
