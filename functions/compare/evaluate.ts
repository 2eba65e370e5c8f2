import { decodePoints, decodeTable } from '../dataset/arrow.ts';
import { confusionOf, rocOf } from '../model/classification.ts';
import { readLayersModel } from '../model/layers-model.ts';
import { predictLogits } from '../model/network.ts';
import type { Evaluation } from './comparison.ts';
import { historyOf } from './curve.ts';
import { surfaceOf } from './surface.ts';

/** The artifacts of one trained model, and how finely to look. */
export interface EvaluationInput {
  readonly model: Uint8Array;
  readonly weights: Uint8Array;
  readonly history: Uint8Array;
  readonly test: Uint8Array;
  /** Points of a curve. */
  readonly maxPoints: number;
  /** Along each side of the decision surface; 0 for none. */
  readonly cells: number;
}

/** Looks at one model with the test points, and at its history. */
export function evaluate(input: EvaluationInput): Evaluation {
  const network = readLayersModel(input.model, input.weights);
  const points = decodePoints(input.test);
  const logits = predictLogits(network, points);
  return {
    history: historyOf(decodeTable(input.history), input.maxPoints),
    confusion: confusionOf(points.labels, logits),
    roc: rocOf(points.labels, logits, input.maxPoints),
    ...(input.cells > 0 ? { surface: surfaceOf(network, input.cells) } : {}),
  };
}
