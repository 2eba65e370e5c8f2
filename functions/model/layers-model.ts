import { z } from 'zod';
import { RejectedError, toError } from '../../events/errors.ts';
import type { Layer, Network } from './network.ts';

/** The two files of a TensorFlow.js LayersModel. */
export interface LayersModelFiles {
  /** `model.json`: the topology and where the weights are. */
  readonly model: Uint8Array;
  /** `weights.bin`: kernel and bias of each layer in turn, float32, little-endian. */
  readonly weights: Uint8Array;
}

const WEIGHTS_PATH = 'weights.bin';

/**
 * Writes a network as `tf.loadLayersModel` reads it: a Sequential of Dense layers whose output is the probability of
 * label 1. The same network gives the same bytes.
 */
export function writeLayersModel(network: Network): LayersModelFiles {
  const layers = network.layers.map((layer, index) => ({ layer, name: `dense_${index + 1}` }));
  const model = {
    format: 'layers-model',
    generatedBy: 'xorflow',
    convertedBy: null,
    modelTopology: {
      class_name: 'Sequential',
      config: {
        name: 'xor',
        layers: layers.map(({ layer, name }, index) => denseOf(layer, name, index === 0)),
      },
      keras_version: 'tfjs-layers 4.22.0',
      backend: 'tensor_flow.js',
    },
    weightsManifest: [
      {
        paths: [WEIGHTS_PATH],
        weights: layers.flatMap(({ layer, name }) => [
          { name: `${name}/kernel`, shape: [layer.inputs, layer.units], dtype: 'float32' },
          { name: `${name}/bias`, shape: [layer.units], dtype: 'float32' },
        ]),
      },
    ],
  };
  const values = network.layers.flatMap((layer) => [layer.kernel, layer.bias]);
  const weights = new DataView(new ArrayBuffer(4 * values.reduce((sum, { length }) => sum + length, 0)));
  let offset = 0;
  for (const part of values) {
    for (const value of part) {
      weights.setFloat32(offset, value, true);
      offset += 4;
    }
  }
  return { model: Buffer.from(`${JSON.stringify(model, null, 2)}\n`), weights: new Uint8Array(weights.buffer) };
}

function denseOf(layer: Layer, name: string, isFirst: boolean) {
  return {
    class_name: 'Dense',
    config: {
      name,
      trainable: true,
      ...(isFirst ? { batch_input_shape: [null, layer.inputs] } : {}),
      dtype: 'float32',
      units: layer.units,
      activation: layer.activation === 'linear' ? 'sigmoid' : layer.activation,
      use_bias: true,
      // What it started with does not matter to a trained layer, but readers expect the fields.
      kernel_initializer: { class_name: 'Zeros', config: {} },
      bias_initializer: { class_name: 'Zeros', config: {} },
      kernel_regularizer: null,
      bias_regularizer: null,
      activity_regularizer: null,
      kernel_constraint: null,
      bias_constraint: null,
    },
  };
}

const denseSchema = z.object({
  class_name: z.literal('Dense'),
  config: z.object({
    units: z.int().min(1),
    activation: z.enum(['relu', 'tanh', 'sigmoid']),
    use_bias: z.literal(true),
    batch_input_shape: z.tuple([z.null(), z.int().min(1)]).optional(),
  }),
});

const modelSchema = z.object({
  modelTopology: z.object({
    class_name: z.literal('Sequential'),
    config: z.object({ layers: z.array(denseSchema).min(1) }),
  }),
});

/**
 * Reads what {@link writeLayersModel} wrote; the sigmoid of the last layer becomes `linear`, so that its output is the logit.
 *
 * @throws RejectedError `CORRUPT_ARTIFACT` for anything but a Sequential of Dense layers with the weights that it needs
 */
export function readLayersModel(model: Uint8Array, weights: Uint8Array): Network {
  const dense = parseModel(model).modelTopology.config.layers;
  const view = new DataView(weights.buffer, weights.byteOffset, weights.byteLength);
  let offset = 0;
  const take = (length: number): Float32Array => {
    if (offset + 4 * length > weights.length) {
      throw corrupt(`${weights.length} bytes of weights: expected at least ${offset + 4 * length}`);
    }
    const start = offset;
    offset += 4 * length;
    return Float32Array.from({ length }, (_, index) => view.getFloat32(start + 4 * index, true));
  };
  let inputs = dense[0]?.config.batch_input_shape?.[1];
  if (inputs === undefined) throw corrupt('no batch_input_shape in the first layer: expected [null, inputs]');
  const layers: Layer[] = [];
  for (const [index, { config }] of dense.entries()) {
    const { units } = config;
    const activation = index === dense.length - 1 ? 'linear' : config.activation;
    layers.push({ inputs, units, activation, kernel: take(inputs * units), bias: take(units) });
    inputs = units;
  }
  if (offset !== weights.length) throw corrupt(`${weights.length} bytes of weights: expected ${offset}`);
  return { layers };
}

function parseModel(bytes: Uint8Array): z.infer<typeof modelSchema> {
  try {
    return modelSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch (error) {
    throw corrupt(`model.json: expected a Sequential of Dense layers (${toError(error).message.slice(0, 200)})`, error);
  }
}

function corrupt(what: string, cause?: unknown): RejectedError {
  return new RejectedError('CORRUPT_ARTIFACT', `Wrong LayersModel, ${what}`, { cause });
}
