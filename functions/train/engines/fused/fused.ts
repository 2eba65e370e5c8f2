import { RejectedError, TransientError } from '../../../../events/errors.ts';
import type { ResolvedModel } from '../../../../events/spec.ts';
import type { Points } from '../../../dataset/points.ts';
import { initialNetwork } from '../../../model/init.ts';
import type { Network } from '../../../model/network.ts';
import { batchesOf, makeOrder } from '../batches.ts';
import { hasHalfplanes } from '../cost.ts';
import { allocateHistory, checkFinite, type EpochMetrics, record, type Trained, type TrainingData } from '../engine.ts';
import { makeHelpers } from './helpers.ts';
import { ACTIVATION_CODES, type Kernel, OPTIMIZER_CODES } from './kernel.ts';
import { nearPlaces } from './places.ts';

/** Points that go through the network together (`kernel/memory.ts`). */
const BLOCK = 128;

/** What a kernel can address, less room for all but the points and the parameters. */
const ADDRESSABLE = 2 ** 32 - 2 ** 26;

/**
 * Trains on the project's own kernel. The weights depend on the data and the model alone: every sum is taken in one
 * fixed order, by operations that IEEE 754 fixes to the last bit, whatever the number of threads.
 *
 * @param helpers most threads beside this one, and how many of them now: asked before each epoch
 * @param isJudged whether an epoch's metrics are wanted; those of one that is not judged are NaN
 * @throws RejectedError `DIVERGED`; `INSUFFICIENT_MEMORY` for more points than a kernel can address
 * @throws TransientError `INSUFFICIENT_MEMORY` where there is less memory than that
 */
export function trainWithKernel(
  kernel: Kernel,
  { train, validation }: TrainingData,
  model: ResolvedModel,
  onEpoch: (metrics: EpochMetrics) => void,
  helpers: { readonly most: number; now(): number } = { most: 0, now: () => 0 },
  isJudged: (epoch: number) => boolean = () => true,
): Trained {
  const { epochs, batchSize, optimizer, learningRate, momentum, seed } = model.training;
  const network = initialNetwork(train.dims, model, seed);
  const batches = batchesOf(train.size, batchSize);
  assertAddressable({ train, validation }, network, batches.length > 1);
  const batch = batches[0]?.end ?? 0;
  const parameters = allocate(kernel, network, { train, validation }, batch, helpers.most);
  const write = hasHalfplanes(train.dims, train.size, model) ? writeNear : writePoints;
  write(kernel, kernel.trainRows(), train);
  write(kernel, kernel.validationRows(), validation);
  eachPart(kernel, parameters, network, (values, place) => place.set(values));
  kernel.start(OPTIMIZER_CODES[optimizer], learningRate, momentum);
  const shuffle = makeOrder(train.size, batches.length, seed);
  const order = new Uint32Array(kernel.memory.buffer, kernel.order() >>> 0, shuffle ? train.size : 0);
  const history = allocateHistory(epochs);
  const crew = makeHelpers(kernel);
  // Not `using`, which Node 22 does not know: there the kernel is tested too.
  try {
    for (let epoch = 1; epoch <= epochs; epoch++) {
      crew.summon(Math.min(helpers.most, helpers.now()));
      if (shuffle) order.set(shuffle());
      const judged = isJudged(epoch);
      kernel.trainEpoch(judged);
      const loss = judged ? kernel.loss() / train.size : Number.NaN;
      const accuracy = judged ? kernel.right() / train.size : Number.NaN;
      if (judged) kernel.validate();
      const validationLoss = judged ? kernel.loss() / validation.size : Number.NaN;
      const validationAccuracy = judged ? kernel.right() / validation.size : Number.NaN;
      const metrics = { epoch, loss, accuracy, validationLoss, validationAccuracy };
      checkFinite(metrics, kernel.isSound() !== 0, model, judged);
      record(history, metrics);
      onEpoch(metrics);
    }
  } finally {
    crew.dismiss();
  }
  eachPart(kernel, parameters, network, (values, place) => values.set(place));
  return { weights: network, history };
}

function assertAddressable({ train, validation }: TrainingData, network: Network, isShuffled: boolean): void {
  const parameters = network.layers.reduce((sum, { kernel, bias }) => sum + kernel.length + bias.length, 0);
  // Values, two packed copies, the optimizer's state and four sums each in doubles.
  const bytes = (4 * train.dims + 1) * (train.size + validation.size) + (isShuffled ? 4 * train.size : 0);
  if (bytes + (12 + 16 + 32) * 1.5 * parameters <= ADDRESSABLE) return;
  throw new RejectedError(
    'INSUFFICIENT_MEMORY',
    `Too large dataset of ${train.size} training points in ${train.dims} dimensions for engine fused: expected at most 4 GiB; use fewer points or engine tensorflow`,
  );
}

/** Lays out the kernel's memory; gives where the parameters go. */
function allocate(
  kernel: Kernel,
  { layers }: Network,
  { train, validation }: TrainingData,
  batch: number,
  helpers: number,
): number {
  try {
    kernel.begin(train.dims);
    for (const { inputs, units, activation } of layers) kernel.addLayer(inputs, units, ACTIVATION_CODES[activation]);
    const widest = Math.max(...layers.map(({ units }) => units));
    return kernel.allocate(widest, train.size, validation.size, batch, helpers) >>> 0;
  } catch (cause) {
    // It traps where its memory cannot grow.
    throw new TransientError(
      'INSUFFICIENT_MEMORY',
      `Not enough memory to train on ${train.size} points in ${train.dims} dimensions; the training can be tried again`,
      { cause },
    );
  }
}

/** Writes points as the kernel reads them: blocks of a row per coordinate and then a byte per label, 128 for label 1. */
function writePoints({ memory }: Kernel, at: number, { dims, size, coordinates, labels }: Points): void {
  const values = new Float32Array(memory.buffer);
  const bytes = new Uint8Array(memory.buffer);
  const block = (4 * dims + 1) * BLOCK;
  for (let from = 0, to = at >>> 0; from < size; from += BLOCK, to += block) {
    const end = Math.min(size, from + BLOCK);
    for (let row = 0; row < dims; row++) {
      values.set((coordinates[row] as Float32Array).subarray(from, end), to / 4 + row * BLOCK);
    }
    const labelsAt = to + 4 * dims * BLOCK - from;
    for (let index = from; index < end; index++) bytes[labelsAt + index] = (labels[index] as number) << 7;
  }
}

/** Writes points of two coordinates as {@link writePoints} does, those that are near each other into one block. */
function writeNear({ memory }: Kernel, at: number, points: Points): void {
  const { size, labels } = points;
  const [first, second] = points.coordinates as [Float32Array, Float32Array];
  const values = new Float32Array(memory.buffer, at >>> 0);
  const bytes = new Uint8Array(memory.buffer, at >>> 0);
  const place = nearPlaces(points, BLOCK);
  for (let index = 0; index < size; index++) {
    const to = place(index);
    const block = Math.floor(to / BLOCK) * ((4 * 2 + 1) * BLOCK);
    const within = to % BLOCK;
    const value = block / 4 + within;
    values[value] = first[index] as number;
    values[value + BLOCK] = second[index] as number;
    bytes[block + 4 * 2 * BLOCK + within] = (labels[index] as number) << 7;
  }
}

/** Pairs each kernel and bias of a network with its place in memory. */
function eachPart(
  { memory }: Kernel,
  at: number,
  network: Network,
  use: (values: Float32Array, place: Float32Array) => void,
): void {
  let from = at;
  for (const values of network.layers.flatMap((layer) => [layer.kernel, layer.bias])) {
    use(values, new Float32Array(memory.buffer, from, values.length));
    from += values.byteLength;
  }
}
