import { dismissAll, help, run } from './crew';
import { LINEAR, RELU } from './dense';
import { BOX, measureBoxes, tableBytes } from './boxes';
import { Lanes } from './lanes';
import { log } from './log';
import { BLOCK, ROW, take } from './memory';
import { packAll, step } from './optimizer';
import { blocksOf } from './pass';
import { CHUNKS, Layer, Plan, TOTALS_BYTES, takeRows } from './plan';

/** The most layers of a network, the output among them. */
const DEPTH: usize = 9;

let plan: Plan = changetype<Plan>(0);

/** Begins a training of points in so many dimensions. */
export function begin(dims: u32): void {
  plan = changetype<Plan>(take(offsetof<Plan>()));
  plan.dims = dims;
  plan.blockBytes = <usize>dims * ROW + BLOCK;
  plan.layers = take(DEPTH * offsetof<Layer>());
  plan.totals = take(CHUNKS * TOTALS_BYTES);
  plan.ticketAt = take(4);
  plan.doneAt = take(4);
  plan.helpedAt = take(4);
  plan.dismissedAt = take(4);
}

/** Adds a layer; the last one has one unit and no activation. */
export function addLayer(inputs: u32, units: u32, activation: i32): void {
  const layer = plan.layer(plan.depth);
  layer.inputs = inputs;
  layer.units = units;
  layer.activation = activation;
  layer.offset = plan.size;
  const isLast = activation == LINEAR;
  const padded = layer.paddedUnits;
  const paddedInputs = <usize>((inputs + 3) & ~3);
  layer.forward = take((<usize>(isLast ? paddedInputs : <usize>inputs * padded)) << 2);
  layer.back = isLast || plan.depth == 0 ? 0 : take((units * paddedInputs) << 2);
  layer.bias = take((<usize>padded) << 2);
  layer.line = isLast ? 8 : (<usize>padded) << 3;
  layer.gradient = plan.gradientBytes;
  layer.biasGradient = layer.gradient + paddedInputs * layer.line;
  plan.gradientBytes = layer.biasGradient + ((<usize>padded) << 3);
  layer.outputs = plan.scratchBytes;
  if (!isLast) plan.scratchBytes += <usize>padded * ROW;
  plan.size += (inputs + 1) * units;
  plan.depth++;
}

/** Takes all memory, when the layers are known; gives where the parameters go. */
export function allocate(widest: u32, trainSize: u32, validationSize: u32, batchSize: u32, helpers: i32): usize {
  const rows = <usize>((widest + 3) & ~3) * ROW;
  plan.slopes = plan.scratchBytes;
  plan.otherSlopes = plan.slopes + rows;
  plan.logits = plan.otherSlopes + rows;
  plan.block = plan.logits + 3 * ROW;
  plan.table = plan.block + plan.blockBytes + 4 * ROW;
  plan.scratchBytes = plan.table;
  const hasHalfplanes = plan.dims == 2 && plan.depth == 2 && plan.layer(0).activation == RELU && batchSize >= trainSize;
  if (hasHalfplanes) plan.scratchBytes += 2 * tableBytes(widest);
  plan.scratchBytes = (plan.scratchBytes + 63) & ~63;
  plan.scratch = take(plan.scratchBytes * (helpers + 1));
  plan.parameters = take((<usize>plan.size) << 2);
  plan.first = take((<usize>plan.size) << 3);
  plan.second = take((<usize>plan.size) << 3);
  plan.batchSize = batchSize;
  const chunks = min(CHUNKS, max(blocksOf(batchSize), 1));
  plan.gradients = take(plan.gradientBytes * chunks);
  plan.trainSize = trainSize;
  plan.validationSize = validationSize;
  plan.train = takeRows(plan, trainSize);
  plan.validation = takeRows(plan, validationSize);
  if (hasHalfplanes) {
    plan.trainBoxes = take(<usize>blocksOf(trainSize) * BOX);
    plan.validationBoxes = take(<usize>blocksOf(validationSize) * BOX);
  }
  if (batchSize < trainSize) plan.order = take((<usize>trainSize) << 2);
  return plan.parameters;
}

export function trainRows(): usize {
  return plan.train;
}

export function validationRows(): usize {
  return plan.validation;
}

export function order(): usize {
  return plan.order;
}

/** When the points and the parameters are in place. */
export function start(optimizer: i32, rate: f64, momentum: f64): void {
  plan.optimizer = optimizer;
  plan.rate = rate;
  plan.momentum = momentum;
  plan.power1 = 1;
  plan.power2 = 1;
  packAll(plan);
  if (plan.trainBoxes == 0) return;
  measureBoxes(plan.train, plan.trainSize, BLOCK, plan.blockBytes, plan.trainBoxes);
  measureBoxes(plan.validation, plan.validationSize, BLOCK, plan.blockBytes, plan.validationBoxes);
}

/** Goes through the training points once; without loss and right answers unless `isJudged`. */
export function trainEpoch(isJudged: bool): void {
  let loss: f64 = 0;
  let right: f64 = 0;
  for (let from: u32 = 0; from < plan.trainSize; ) {
    plan.passRows = plan.train;
    plan.passOrder = plan.order == 0 ? 0 : plan.order + ((<usize>from) << 2);
    plan.passBoxes = plan.trainBoxes;
    plan.passSize = min(plan.batchSize, plan.trainSize - from);
    plan.learns = true;
    plan.isJudged = isJudged;
    const chunks = run(plan);
    step(plan, chunks, plan.passSize);
    loss += plan.loss;
    right += plan.right;
    from += plan.passSize;
  }
  plan.loss = loss;
  plan.right = right;
}

/** Goes through the validation points. */
export function validate(): void {
  plan.passRows = plan.validation;
  plan.passOrder = 0;
  plan.passBoxes = plan.validationBoxes;
  plan.passSize = plan.validationSize;
  plan.learns = false;
  plan.isJudged = true;
  run(plan);
}

/** Reckons with so many helpers from the next pass on; those that were dismissed and have not left yet may stay. */
export function enlist(helpers: i32): void {
  plan.helpers = helpers;
  atomic.store<i32>(plan.dismissedAt, 0);
}

/** Tells the helpers to leave. */
export function dismiss(): void {
  dismissAll(plan);
  plan.helpers = 0;
}

/** Chunks that helpers ran. */
export function helped(): i32 {
  return atomic.load<i32>(plan.helpedAt);
}

/** What a helper has to know: its own instance of this module has another `plan`. */
export function address(): usize {
  return changetype<usize>(plan);
}

/** The sum of the last pass's losses. */
export function loss(): f64 {
  return plan.loss;
}

/** How many points the last pass found the right label of. */
export function right(): f64 {
  return plan.right;
}

/** Whether all parameters are finite numbers. */
export function isSound(): bool {
  const end = plan.parameters + ((<usize>plan.size) << 2);
  // What is no finite number times 0 is NaN.
  let sum: f32 = 0;
  for (let at = plan.parameters; at < end; at += 4) sum += load<f32>(at) * 0;
  return sum == 0;
}

/** Puts the exp, sigmoid and tanh (`which` 0, 1, 2) of float32 in their places: `count` of them, a multiple of 4. */
export function apply(which: i32, at: usize, count: u32): void {
  for (const end = at + ((<usize>count) << 2); at < end; at += 16) {
    const x = v128.load(at);
    v128.store(at, which == 0 ? Lanes.exp(x) : which == 1 ? Lanes.sigmoid(x) : Lanes.tanh(x));
  }
}

export { help, log };
