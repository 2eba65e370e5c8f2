import { encodeTable } from '../dataset/arrow.ts';
import type { History } from './engines/engine.ts';

/**
 * The history of a training as an Arrow file, one row per epoch: `epoch` from 1 (uint32), `loss` and `accuracy` on the
 * training points as the epoch's own forward passes gave them (with the weights before each step), `validation_loss`
 * and `validation_accuracy` with the weights after the epoch (float32).
 */
export function encodeHistory(history: History): Uint8Array {
  return encodeTable({
    epoch: Uint32Array.from(history.loss, (_, index) => index + 1),
    loss: history.loss,
    accuracy: history.accuracy,
    validation_loss: history.validationLoss,
    validation_accuracy: history.validationAccuracy,
  });
}
