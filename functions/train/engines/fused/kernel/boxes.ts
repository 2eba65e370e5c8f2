import { ROW } from './memory';
import { Layer } from './plan';

// Which units a block of points is on one side of; see halfplanes.ts.

/** Bytes of a block's box: the least and the largest of its first inputs, then of the second, float32. */
export const BOX: usize = 16;

/** A unit's numbers in a table in scratch memory, 20 bytes: which one it is, its weights, its bias, its weight in the head. */
export const ENTRY: usize = 20;

/** Bytes of a table for so many units: one more entry makes their number even. */
export function tableBytes(units: u32): usize {
  return <usize>(units + 1) * ENTRY;
}

/** Puts down the boxes of all blocks. */
export function measureBoxes(rows: usize, size: u32, block: u32, blockBytes: usize, to: usize): void {
  for (let from: u32 = 0; from < size; from += block) {
    const bytes = (<usize>min(block, size - from)) << 2;
    for (let row = rows; row <= rows + ROW; row += ROW) {
      let least = load<f32>(row);
      let largest = least;
      for (let at = row; at < row + bytes; at += 4) {
        const value = load<f32>(at);
        least = min(least, value);
        largest = max(largest, value);
      }
      store<f32>(to, least);
      store<f32>(to, largest, 4);
      to += 8;
    }
    rows += blockBytes;
  }
}

/** Fills the tables; gives how many entries the first has, made even, and in the upper half how many the second. */
export function sortUnits(layer: Layer, head: Layer, box: usize, crossed: usize, on: usize): u32 {
  const least0 = load<f32>(box);
  const largest0 = load<f32>(box, 4);
  const least1 = load<f32>(box, 8);
  const largest1 = load<f32>(box, 12);
  let crossedCount: u32 = 0;
  let onCount: u32 = 0;
  for (let unit: u32 = 0; unit < layer.units; unit++) {
    const at = layer.forward + ((<usize>(unit & ~3)) << 3) + ((<usize>(unit & 3)) << 2);
    const w0 = load<f32>(at);
    const w1 = load<f32>(at, 16);
    const b = load<f32>(layer.bias + ((<usize>unit) << 2));
    const v = load<f32>(head.forward + ((<usize>unit) << 2));
    // Rounded as for each point, and every step grows with the inputs or falls: no point's sum is beyond these.
    const low = b + (w0 < 0 ? largest0 : least0) * w0 + (w1 < 0 ? largest1 : least1) * w1;
    const high = b + (w0 < 0 ? least0 : largest0) * w0 + (w1 < 0 ? least1 : largest1) * w1;
    if (low > 0) {
      putEntry(on, unit, w0, w1, b, v);
      on += ENTRY;
      onCount++;
      // What is no number is looked at, so that it spreads.
    } else if (!(high <= 0)) {
      putEntry(crossed, unit, w0, w1, b, v);
      crossed += ENTRY;
      crossedCount++;
    }
  }
  if (crossedCount & 1) {
    putEntry(crossed, layer.units, 0, 0, 0, 0);
    crossedCount++;
  }
  return crossedCount | (onCount << 16);
}

function putEntry(at: usize, unit: u32, w0: f32, w1: f32, b: f32, v: f32): void {
  store<u32>(at, unit);
  store<f32>(at, w0, 4);
  store<f32>(at, w1, 8);
  store<f32>(at, b, 12);
  store<f32>(at, v, 16);
}
