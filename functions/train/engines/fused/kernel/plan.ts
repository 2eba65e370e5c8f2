import { Totals } from './judge';
import { BLOCK, ROW, take } from './memory';

/** Parts of a batch whose sums are kept apart and then added in order, whoever computed them: threads take whole chunks. */
export const CHUNKS: u32 = 4;

/** A cache line, so that threads do not write to each other's. */
export const TOTALS_BYTES: usize = 64;

/** A layer and where its numbers lie. */
@unmanaged
export class Layer {
  inputs: u32;
  units: u32;
  /** A constant of dense.ts. */
  activation: i32;
  /** Index of its kernel [inputs, units] among the parameters; its bias [units] follows. */
  offset: u32;
  /** Weights as dense.ts packs them; the last layer's are a plain row. Padded with zeros to a multiple of 4 units. */
  forward: usize;
  /** The transposed weights, packed. */
  back: usize;
  bias: usize;
  /** Bytes from the beginning of a chunk's gradient, float64: the kernel with rows of {@link line} bytes. */
  gradient: usize;
  biasGradient: usize;
  line: usize;
  /** Bytes from the beginning of a thread's scratch memory: the outputs of a block. */
  outputs: usize;

  @inline get paddedUnits(): u32 {
    return (this.units + 3) & ~3;
  }
}

/** A training: its network, its data, and where in memory they are. Every thread reads the same. */
@unmanaged
export class Plan {
  dims: u32;
  depth: u32;
  layers: usize;
  /** float32, kernel and bias of each layer in turn. */
  parameters: usize;
  size: u32;
  /** The optimizer's state: float64, as many as parameters, twice. */
  first: usize;
  second: usize;
  /** A chunk's gradient after the other. */
  gradients: usize;
  gradientBytes: usize;
  /** A thread's memory after the other's. */
  scratch: usize;
  scratchBytes: usize;
  /** Bytes from the beginning of a thread's scratch memory. */
  slopes: usize;
  otherSlopes: usize;
  logits: usize;
  block: usize;
  table: usize;
  /** The {@link Totals} of each chunk. */
  totals: usize;
  /** Points in blocks: a row per coordinate, then a byte per label. */
  train: usize;
  trainSize: u32;
  validation: usize;
  validationSize: u32;
  blockBytes: usize;
  /** The boxes of the blocks (boxes.ts) of both; 0 where nobody needs them. */
  trainBoxes: usize;
  validationBoxes: usize;
  /** The indices of an epoch's points in turn; 0 where their order does not matter. */
  order: usize;
  batchSize: u32;
  optimizer: i32;
  rate: f64;
  momentum: f64;
  power1: f64;
  power2: f64;
  /** The points that go through the network now: blocks, or indices in turn of points in blocks, or 0 for none. */
  passRows: usize;
  passOrder: usize;
  passSize: u32;
  /** The boxes of these blocks, or 0. */
  passBoxes: usize;
  /** Whether the gradient is wanted. */
  learns: bool;
  /** Whether the loss and the right answers are wanted; they are 0 otherwise. */
  isJudged: bool;
  chunks: u32;
  /** Of the last pass. */
  loss: f64;
  right: f64;
  /** Threads that run chunks beside the training's own, now. */
  helpers: i32;
  /** Where, each in a cache line of its own: chunks to take, chunks done, chunks done by helpers, whether all is over. */
  ticketAt: usize;
  doneAt: usize;
  helpedAt: usize;
  dismissedAt: usize;

  @inline layer(index: u32): Layer {
    return changetype<Layer>(this.layers + index * offsetof<Layer>());
  }
}

export function totalsOf(plan: Plan, chunk: u32): Totals {
  return changetype<Totals>(plan.totals + <usize>chunk * TOTALS_BYTES);
}

/** Bytes of a split's blocks; more rows are read than there are, so some follow. */
export function takeRows(plan: Plan, size: u32): usize {
  return take(<usize>((size + BLOCK - 1) / BLOCK) * plan.blockBytes + 4 * ROW);
}
