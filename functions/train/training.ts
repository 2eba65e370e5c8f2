import { RejectedError } from '../../events/errors.ts';
import type { Metrics } from '../../events/parts.ts';
import type { ResolvedModel } from '../../events/spec.ts';
import { decodePoints } from '../dataset/arrow.ts';
import type { Points } from '../dataset/points.ts';
import { writeLayersModel } from '../model/layers-model.ts';
import { evaluate } from '../model/metrics.ts';
import { type Network, predictLogits } from '../model/network.ts';
import type { Engine, EpochMetrics } from './engines/engine.ts';
import { encodeHistory } from './history.ts';

/** All that one training takes: it can cross to another thread. */
export interface TrainingInput {
  readonly model: ResolvedModel;
  readonly dims: number;
  /** The Arrow files of the splits. */
  readonly files: { readonly train: Uint8Array; readonly validation: Uint8Array; readonly test: Uint8Array };
}

/** What comes of a training: files to store, and the final weights' metrics on all three splits. */
export interface TrainingResult {
  readonly files: { readonly model: Uint8Array; readonly weights: Uint8Array; readonly history: Uint8Array };
  readonly train: Metrics;
  readonly validation: Metrics;
  readonly test: Metrics;
  readonly engine: { readonly name: string; readonly reason: string };
  /** Of the training alone. */
  readonly durationMs: number;
}

export interface Splits {
  readonly train: Points;
  readonly validation: Points;
  readonly test: Points;
}

/** @throws RejectedError `CORRUPT_ARTIFACT` for files that are no such dataset */
export function readSplits({ dims, files }: TrainingInput): Splits {
  return {
    train: read(files.train, 'train', dims),
    validation: read(files.validation, 'validation', dims),
    test: read(files.test, 'test', dims),
  };
}

/**
 * Trains one model and judges it.
 *
 * @param cpus that the training may use now
 * @throws RejectedError `DIVERGED` where the loss is not finite
 */
export function train(
  points: Splits,
  model: ResolvedModel,
  engine: Engine,
  onEpoch: (metrics: EpochMetrics) => void,
  cpus: () => number,
): TrainingResult {
  const started = performance.now();
  const { weights, history } = engine.train(points, model, onEpoch, cpus);
  const durationMs = performance.now() - started;
  return {
    files: { ...writeLayersModel(weights), history: encodeHistory(history) },
    train: judge(weights, points.train, model),
    validation: judge(weights, points.validation, model),
    test: judge(weights, points.test, model),
    engine: { name: engine.name, reason: engine.reason },
    durationMs,
  };
}

function read(file: Uint8Array, split: string, dims: number): Points {
  const points = decodePoints(file);
  if (points.dims === dims) return points;
  throw new RejectedError(
    'CORRUPT_ARTIFACT',
    `Wrong dataset file, ${points.dims} dimensions in ${split}.arrow: expected ${dims}`,
  );
}

/** Points that are judged at once: the logits of a huge split need no memory. */
const SLICE = 2 ** 16;

function judge(network: Network, points: Points, model: ResolvedModel): Metrics {
  const metrics = { loss: 0, accuracy: 0 };
  const logits = new Float32Array(Math.min(SLICE, points.size));
  for (let from = 0; from < points.size; from += SLICE) {
    const size = Math.min(SLICE, points.size - from);
    const coordinates = points.coordinates.map((column) => column.subarray(from, from + size));
    predictLogits(network, { size, coordinates }, logits);
    const { loss, accuracy } = evaluate(logits, points.labels.subarray(from, from + size));
    metrics.loss += loss * (size / points.size);
    metrics.accuracy += accuracy * (size / points.size);
  }
  if (Number.isFinite(metrics.loss)) return metrics;
  throw new RejectedError(
    'DIVERGED',
    `Loss ${metrics.loss} after epoch ${model.training.epochs} of model ${JSON.stringify(model.name)} with learningRate ${model.training.learningRate}: expected a finite number; try a smaller learning rate`,
  );
}
