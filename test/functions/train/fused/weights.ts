import { createHash } from 'node:crypto';
import { type ExperimentSpecInput, resolveModel, specSchema } from '../../../../events/spec.ts';
import { makePoints } from '../../../../functions/dataset/xor.ts';
import { writeLayersModel } from '../../../../functions/model/layers-model.ts';
import { trainWithKernel } from '../../../../functions/train/engines/fused/fused.ts';
import type { Kernel } from '../../../../functions/train/engines/fused/kernel.ts';

/** A spec and the digest of the weights of its first model. */
export interface Golden {
  readonly spec: ExperimentSpecInput;
  readonly weights: string;
}

/** Trains the first model of a spec; gives the digest of its weights. */
export function weightsDigest(kernel: Kernel, input: ExperimentSpecInput): string {
  const spec = specSchema.parse(input);
  const data = { train: makePoints(spec.dataset, 'train'), validation: makePoints(spec.dataset, 'validation') };
  const trained = trainWithKernel(kernel, data, resolveModel(spec, 0), () => undefined);
  const { weights } = writeLayersModel(trained.weights);
  return `sha256:${createHash('sha256').update(weights).digest('hex')}`;
}
