import { type Descriptor, digestOf, MEDIA } from './descriptor.ts';
import type { Dataset, Plot } from './parts.ts';

/** A descriptor for the examples: of bytes that say what they stand for. */
export function exampleDescriptor(name: string, mediaType: string): Descriptor {
  return { digest: digestOf(Buffer.from(name)), mediaType, size: 1_234, name };
}

export const exampleDataset: Dataset = {
  dims: 2,
  train: exampleDescriptor('train.arrow', MEDIA.arrow),
  validation: exampleDescriptor('validation.arrow', MEDIA.arrow),
  test: exampleDescriptor('test.arrow', MEDIA.arrow),
};

export function examplePlot(name: string, title: string): Plot {
  return {
    name,
    title,
    png: exampleDescriptor(`${name}.png`, MEDIA.png),
    html: exampleDescriptor(`${name}.html`, MEDIA.html),
    spec: exampleDescriptor(`${name}.vl.json`, MEDIA.vegaLite),
  };
}

export const exampleWeights = {
  model: exampleDescriptor('model.json', MEDIA.layersModel),
  weights: exampleDescriptor('weights.bin', MEDIA.weights),
};
