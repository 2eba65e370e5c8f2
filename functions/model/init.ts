import type { ResolvedModel } from '../../events/spec.ts';
import { streamOf, uniform } from '../dataset/streams.ts';
import type { Layer, Network } from './network.ts';

/**
 * An untrained network as PyTorch's `nn.Linear` starts: weights and biases uniform in ±1/sqrt(inputs).
 * It depends on the shape and the seed alone, so every engine starts from the same numbers.
 */
export function initialNetwork(
  dims: number,
  model: Pick<ResolvedModel, 'hidden' | 'activation'>,
  seed: number,
): Network {
  const stream = streamOf(seed, 'weights');
  const widths = [...model.hidden, 1];
  let inputs = dims;
  const layers = widths.map((units, index): Layer => {
    const bound = 1 / Math.sqrt(inputs);
    const draw = () => bound * (2 * uniform(stream) - 1);
    const layer: Layer = {
      inputs,
      units,
      activation: index < model.hidden.length ? model.activation : 'linear',
      kernel: Float32Array.from({ length: inputs * units }, draw),
      bias: Float32Array.from({ length: units }, draw),
    };
    inputs = units;
    return layer;
  });
  return { layers };
}
