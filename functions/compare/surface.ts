import { type Network, predictLogits, sigmoid } from '../model/network.ts';
import type { Surface } from './comparison.ts';

/** Points along a side that the share in the right class is counted on: even, so that none lies on a border. */
const FINEST = 500;
/** Multiplications that counting may take, some 20 ms of them; wide models are looked at less closely. */
const BUDGET = 20_000_000;

/** The probability of class 1 at the middle of each cell of the unit square, and how much of it is right. */
export function surfaceOf(network: Network, cells: number): Surface {
  const logits = logitsOn(network, cells);
  const weights = network.layers.reduce((sum, { kernel }) => sum + kernel.length, 0);
  const side = Math.max(cells, Math.min(FINEST, 2 * Math.floor(Math.sqrt(BUDGET / weights) / 2)));
  const right = rightShare(side > cells ? logitsOn(network, side) : logits, side);
  return { cells, values: Array.from(logits, sigmoid), right };
}

function logitsOn(network: Network, side: number): Float32Array {
  const size = side * side;
  const first = new Float32Array(size);
  const second = new Float32Array(size);
  for (let row = 0, cell = 0; row < side; row++) {
    for (let column = 0; column < side; column++, cell++) {
      first[cell] = (column + 0.5) / side;
      second[cell] = (row + 0.5) / side;
    }
  }
  return predictLogits(network, { size, coordinates: [first, second] });
}

function rightShare(logits: Float32Array, side: number): number {
  let right = 0;
  for (let row = 0, cell = 0; row < side; row++) {
    for (let column = 0; column < side; column++, cell++) {
      const isOne = column >= side / 2 !== row >= side / 2;
      if ((logits[cell] as number) > 0 === isOne) right++;
    }
  }
  return right / logits.length;
}
