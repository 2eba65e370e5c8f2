import { RejectedError } from '../../../events/errors.ts';
import type { ResolvedModel } from '../../../events/spec.ts';
import type { Points } from '../../dataset/points.ts';
import type { Network } from '../../model/network.ts';

/** What a model is trained on, and what each epoch is judged by. */
export interface TrainingData {
  readonly train: Points;
  readonly validation: Points;
}

/**
 * The metrics of one epoch. Those of the training points are what the epoch's own forward passes gave, so of the weights
 * before each step (for a full batch: before the epoch); those of the validation points are of the weights after it.
 */
export interface EpochMetrics {
  /** From 1. */
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly validationLoss: number;
  readonly validationAccuracy: number;
}

/** One value per epoch. */
export interface History {
  readonly loss: Float32Array;
  readonly accuracy: Float32Array;
  readonly validationLoss: Float32Array;
  readonly validationAccuracy: Float32Array;
}

export interface Trained {
  readonly weights: Network;
  readonly history: History;
}

/** What can train a network. It works to the end without yielding; `onEpoch` may throw to stop it. */
export interface Engine {
  readonly name: string;
  /** Why this one, for people. */
  readonly reason: string;
  /**
   * @param cpus that the training may use now, its own thread's among them; the weights do not depend on it
   * @param isJudged whether an epoch's metrics are wanted; all of them may be NaN where they are not
   * @throws RejectedError `DIVERGED` as soon as a weight, or the loss of an epoch that is judged, is not a finite number
   */
  train(
    data: TrainingData,
    model: ResolvedModel,
    onEpoch: (metrics: EpochMetrics) => void,
    cpus?: () => number,
    isJudged?: (epoch: number) => boolean,
  ): Trained;
}

/** Room for the history of so many epochs. */
export function allocateHistory(epochs: number): History {
  const column = () => new Float32Array(epochs);
  return { loss: column(), accuracy: column(), validationLoss: column(), validationAccuracy: column() };
}

/** Writes an epoch's metrics into its row. */
export function record(history: History, metrics: EpochMetrics): void {
  const row = metrics.epoch - 1;
  history.loss[row] = metrics.loss;
  history.accuracy[row] = metrics.accuracy;
  history.validationLoss[row] = metrics.validationLoss;
  history.validationAccuracy[row] = metrics.validationAccuracy;
}

/**
 * Stops a training that has left the numbers. A rectifier may turn a weight that is no number into 0, so a finite loss
 * alone proves nothing.
 *
 * @param isSound whether all parameters are finite
 * @param isJudged whether the epoch has metrics; where it has none, its parameters decide alone
 * @throws RejectedError `DIVERGED`
 */
export function checkFinite(
  { epoch, loss, validationLoss }: EpochMetrics,
  isSound: boolean,
  model: ResolvedModel,
  isJudged = true,
): void {
  if (isSound && (!isJudged || (Number.isFinite(loss) && Number.isFinite(validationLoss)))) return;
  throw new RejectedError(
    'DIVERGED',
    `Loss or weights no longer finite at epoch ${epoch} of model ${JSON.stringify(model.name)} with learningRate ${model.training.learningRate}: expected finite numbers; try a smaller learning rate`,
  );
}
