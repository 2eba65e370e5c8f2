import { availableParallelism, totalmem } from 'node:os';
import { RejectedError } from '../../events/errors.ts';
import { type ExperimentSpec, parameterCount, resolveModel } from '../../events/spec.ts';

/** Node, the libraries and TensorFlow.js before any data, in bytes. */
const BASE = 320 * 2 ** 20;

/** What has not been collected yet comes on top: 4,000,000 points in 16 dimensions took 1.4 times what is counted. */
const GARBAGE = 1.5;

/** Values of one layer that a training pass of TensorFlow.js computes at once, at most (`functions/train/engines`). */
const CHUNK_VALUES = 2 ** 20;

/**
 * About how much memory an experiment takes at its peak, in bytes, rather too much than too little: generating and
 * training in one process, on whichever engine takes more, as many models at once as there are CPUs.
 */
export function estimateMemory(spec: ExperimentSpec, parallel: number = availableParallelism()): number {
  const { dims, trainSize, validationSize, testSize } = spec.dataset;
  const point = 4 * dims + 1;
  const points = trainSize + validationSize + testSize;
  // While a split is generated there are its columns, the Arrow batches and the file that they are joined to.
  const generating = 3 * point * Math.max(trainSize, validationSize, testSize);
  const trainings = spec.models
    .map((_, index) => {
      const { hidden, training } = resolveModel(spec, index);
      const layers = hidden.length + 1;
      const parameters = parameterCount(dims, hidden);
      // The files, and the columns where a file is of many batches and they are joined.
      const files = 2 * point * points;
      const rows = (training.batchSize === 'full' ? 0 : 4 * trainSize) + 4 * Math.max(trainSize, validationSize);
      // Forward values, slopes, their transposes and packed forms; parameters with the optimizer's state in doubles.
      const device = 4 * CHUNK_VALUES * (4 + 2 * layers) + (4 + 8 * 3 + 4 * 4) * parameters;
      // The kernel's memory: all points, packed parameters, the optimizer's state and four gradients in doubles.
      const kernel = (4 * dims + 5) * (trainSize + validationSize) + (4 + 4 * 3 + 8 * 2 + 8 * 4) * parameters;
      return files + Math.max(rows + device, kernel) + 2 * (4 + 4 * 4) * training.epochs;
    })
    .sort((a, b) => b - a)
    .slice(0, Math.max(1, parallel));
  const training = trainings.reduce((sum, bytes) => sum + bytes, 0);
  return BASE + GARBAGE * Math.max(generating, training);
}

/** What this process may use, in bytes: the limit of its container, else the memory of the machine. */
export function availableMemory(): number {
  available ??= limitOf();
  return available;
}

/** Asked once: it is read from files of the system. */
let available: number | undefined;

function limitOf(): number {
  const limit = process.constrainedMemory();
  return limit > 0 ? Math.min(limit, totalmem()) : totalmem();
}

/** @throws RejectedError `INSUFFICIENT_MEMORY`, before anything is computed, where the experiment needs more than there is */
export function assertFits(spec: ExperimentSpec, available: number = availableMemory()): void {
  const needed = estimateMemory(spec);
  if (needed <= available) return;
  const { dims, trainSize } = spec.dataset;
  throw new RejectedError(
    'INSUFFICIENT_MEMORY',
    `Too large experiment of ${trainSize} training points in ${dims} dimensions: it needs about ${gib(needed)} of memory, expected at most ${gib(available)}; use fewer points, dimensions or models`,
  );
}

function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
