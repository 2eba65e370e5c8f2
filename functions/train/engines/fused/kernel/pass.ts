import { activate } from './activations';
import { dense, LINEAR, RELU, RELU_SLOPE } from './dense';
import { addBiasGradient, addKernelGradient } from './gradient';
import { BOX } from './boxes';
import { passBlock } from './halfplanes';
import { addLogits, backFromHead } from './head';
import { judge } from './judge';
import { BLOCK, ROW } from './memory';
import { addPlanarGradient, backThroughOne, planarForward } from './planar';
import { Layer, Plan, totalsOf } from './plan';

/** Runs one chunk of the pass that is set in the plan: whole blocks, at the same borders whoever runs them. */
export function runChunk(plan: Plan, chunk: u32, scratch: usize): void {
  const blocks = blocksOf(plan.passSize);
  const chunks = plan.chunks;
  const first = <u32>((<u64>chunk * blocks) / chunks);
  const last = <u32>((<u64>(chunk + 1) * blocks) / chunks);
  const totals = totalsOf(plan, chunk);
  const gradient = plan.gradients + <usize>chunk * plan.gradientBytes;
  totals.clear();
  if (plan.learns) memory.fill(gradient, 0, plan.gradientBytes);
  for (let block = first; block < last; block++) {
    const from = block * BLOCK;
    const count = min(BLOCK, plan.passSize - from);
    let rows = plan.passRows + <usize>block * plan.blockBytes;
    if (plan.passOrder != 0) {
      rows = scratch + plan.block;
      gather(plan, plan.passRows, plan.passOrder + ((<usize>from) << 2), count, rows);
      memory.fill(rows + <usize>plan.dims * ROW + count, 0, BLOCK - count);
    }
    // Up to a tile of eight points.
    const bytes = (<usize>((count + 7) & ~7)) << 2;
    if (plan.passBoxes != 0) {
      passBlock(plan, plan.passBoxes + <usize>block * BOX, rows, scratch, count, bytes, gradient, totals);
      continue;
    }
    forward(plan, rows, scratch, bytes);
    const head = plan.layer(plan.depth - 1);
    const labels = rows + <usize>plan.dims * ROW;
    const bias = plan.learns ? gradient + head.biasGradient : scratch + plan.slopes;
    judge(scratch + plan.logits, labels, count, bytes, bias, totals, plan.isJudged);
    if (plan.learns) backward(plan, rows, scratch, bytes, gradient);
  }
  totals.close();
}

export function blocksOf(size: u32): u32 {
  return (size + BLOCK - 1) / BLOCK;
}

/** Copies points and labels from all over the place into one block. */
function gather(plan: Plan, rows: usize, order: usize, count: u32, to: usize): void {
  const coordinates = <usize>plan.dims * ROW;
  for (let point: usize = 0; point < count; point++) {
    const index = load<u32>(order);
    const block = rows + <usize>(index / BLOCK) * plan.blockBytes;
    const at = <usize>(index % BLOCK);
    for (let row: usize = 0; row < coordinates; row += ROW) {
      store<f32>(to + row + (point << 2), load<f32>(block + row + (at << 2)));
    }
    store<u8>(to + coordinates + point, load<u8>(block + coordinates + at));
    order += 4;
  }
}

function forward(plan: Plan, rows: usize, scratch: usize, bytes: usize): void {
  let from = rows;
  const last = plan.depth - 1;
  for (let index: u32 = 0; index < last; index++) {
    const layer = plan.layer(index);
    const to = scratch + layer.outputs;
    const mode = layer.activation == RELU ? RELU : LINEAR;
    if (index == 0 && plan.dims == 2) {
      planarForward(from, layer.forward, layer.bias, to, layer.units, bytes, mode);
    } else {
      dense(from, layer.forward, layer.bias, to, layer.inputs, layer.paddedUnits, bytes, mode, 0);
    }
    activate(layer.activation, to, layer.paddedUnits, bytes);
    from = to;
  }
  const head = plan.layer(last);
  addLogits(from, head.forward, head.bias, scratch + plan.logits, head.inputs, bytes);
}

function backward(plan: Plan, rows: usize, scratch: usize, bytes: usize, gradient: usize): void {
  let index = plan.depth - 1;
  let slopes = scratch + plan.slopes;
  let other = scratch + plan.otherSlopes;
  const head = plan.layer(index);
  const logits = scratch + plan.logits;
  if (index == 0) {
    backFromHead(rows, logits, head.forward, gradient + head.gradient, slopes, head.inputs, bytes, LINEAR);
    return;
  }
  let below = plan.layer(--index);
  let outputs = scratch + below.outputs;
  const mode = slopeOf(below);
  if (index == 0 && plan.dims == 2) {
    const kernel = gradient + below.gradient;
    const bias = gradient + below.biasGradient;
    const units = below.units;
    backThroughOne(rows, outputs, logits, head.forward, gradient + head.gradient, kernel, bias, units, bytes, mode);
    return;
  }
  backFromHead(outputs, logits, head.forward, gradient + head.gradient, slopes, head.inputs, bytes, mode);
  for (;;) {
    const layer = below;
    const units = layer.paddedUnits;
    if (index == 0 && plan.dims == 2) {
      addPlanarGradient(rows, slopes, gradient + layer.gradient, gradient + layer.biasGradient, layer.units, bytes);
      return;
    }
    addBiasGradient(slopes, gradient + layer.biasGradient, units, bytes);
    if (index == 0) {
      addKernelGradient(rows, slopes, gradient + layer.gradient, layer.inputs, units, bytes);
      return;
    }
    below = plan.layer(--index);
    outputs = scratch + below.outputs;
    addKernelGradient(outputs, slopes, gradient + layer.gradient, layer.inputs, units, bytes);
    dense(slopes, layer.back, 0, other, layer.units, below.paddedUnits, bytes, slopeOf(below), outputs);
    const spare = slopes;
    slopes = other;
    other = spare;
  }
}

function slopeOf(layer: Layer): i32 {
  return layer.activation + RELU_SLOPE - RELU;
}
