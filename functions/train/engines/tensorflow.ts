import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import type { ResolvedModel } from '../../../events/spec.ts';
import type { Points } from '../../dataset/points.ts';
import { initialNetwork } from '../../model/init.ts';
import { batchesOf, makeOrder } from './batches.ts';
import { addGradient, addMetrics, parametersOf, type Rows, release, upload } from './dense.ts';
import { allocateHistory, checkFinite, type EpochMetrics, record, type Trained, type TrainingData } from './engine.ts';
import type { Totals } from './head.ts';
import { makeOptimizer } from './optimizer.ts';

/** Values of the widest layer that one pass computes: bounds memory, whatever the size of a batch. */
const CHUNK_VALUES = 2 ** 20;

/** Coordinates that may stay on the device all the time; larger data are copied there chunk by chunk. */
const RESIDENT_VALUES = 2 ** 22;

/** Loads the WASM backend from its npm package; nothing is downloaded. */
export async function loadWasm(): Promise<void> {
  const { setWasmPaths } = await import('@tensorflow/tfjs-backend-wasm');
  const manifest = createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json');
  setWasmPaths(join(dirname(manifest), 'dist/'));
  tf.enableProdMode();
  await tf.setBackend('wasm');
}

/** Trains on the current TensorFlow.js backend, by a forward and a backward pass of few large operations. */
export function trainWithTensorflow(
  { train, validation }: TrainingData,
  model: ResolvedModel,
  onEpoch: (metrics: EpochMetrics) => void,
): Trained {
  const { training } = model;
  const network = initialNetwork(train.dims, model, training.seed);
  const parameters = parametersOf(network);
  const gradient = parameters.map((values) => new Float64Array(values.length));
  const optimize = makeOptimizer(training, parameters);
  const batches = batchesOf(train.size, training.batchSize);
  const shuffle = makeOrder(train.size, batches.length, training.seed);
  const history = allocateHistory(training.epochs);
  const chunk = Math.max(64, Math.floor(CHUNK_VALUES / Math.max(train.dims + 1, ...model.hidden)));
  using trainRows = makeSource(train, chunk, batches.length === 1);
  using validationRows = makeSource(validation, chunk, true);
  let device = upload(network);
  try {
    for (let epoch = 1; epoch <= training.epochs; epoch++) {
      const order = shuffle?.();
      const totals: Totals = { loss: 0, right: 0 };
      for (const { start, end } of batches) {
        for (const slopes of gradient) slopes.fill(0);
        trainRows.each(start, end, order, (rows) => addGradient(device, rows, end - start, gradient, totals));
        optimize(parameters, gradient);
        release(device);
        device = upload(network);
      }
      const judged: Totals = { loss: 0, right: 0 };
      validationRows.each(0, validation.size, undefined, (rows) => addMetrics(device, rows, judged));
      const metrics = {
        epoch,
        loss: totals.loss / train.size,
        accuracy: totals.right / train.size,
        validationLoss: judged.loss / validation.size,
        validationAccuracy: judged.right / validation.size,
      };
      const isSound = parameters.every((values) => values.every(Number.isFinite));
      checkFinite(metrics, isSound, model);
      record(history, metrics);
      onEpoch(metrics);
    }
  } finally {
    release(device);
  }
  return { weights: network, history };
}

interface Source extends Disposable {
  each(start: number, end: number, order: Uint32Array | undefined, use: (rows: Rows) => void): void;
}

/** Rows of points, chunk by chunk; they stay on the device where they are always the same and few enough. */
function makeSource(points: Points, chunk: number, isConstant: boolean): Source {
  const keeps = isConstant && points.size * (points.dims + 1) <= RESIDENT_VALUES;
  const kept = new Map<number, Rows>();
  const rowsAt = (from: number, to: number, order: Uint32Array | undefined): Rows => {
    const rows = kept.get(from) ?? toDevice(points, from, to, order);
    if (keeps) kept.set(from, rows);
    return rows;
  };
  return {
    each(start, end, order, use) {
      for (let from = start; from < end; from += chunk) {
        const rows = rowsAt(from, Math.min(end, from + chunk), order);
        use(rows);
        if (!keeps) rows.inputs.dispose();
      }
    },
    [Symbol.dispose]() {
      for (const { inputs } of kept.values()) inputs.dispose();
    },
  };
}

function toDevice(points: Points, from: number, to: number, order: Uint32Array | undefined): Rows {
  const columns = points.dims + 1;
  const inputs = new Float32Array((to - from) * columns).fill(1);
  const labels = new Uint8Array(to - from);
  for (let row = 0; row < labels.length; row++) labels[row] = points.labels[order?.[from + row] ?? from + row] ?? 0;
  for (const [dimension, column] of points.coordinates.entries()) {
    for (let row = 0; row < labels.length; row++) {
      inputs[row * columns + dimension] = column[order?.[from + row] ?? from + row] ?? 0;
    }
  }
  return { inputs: tf.tensor2d(inputs, [to - from, columns]), labels };
}
