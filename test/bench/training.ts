import { resolveModel, specSchema } from '../../events/spec.ts';
import { makePoints } from '../../functions/dataset/xor.ts';
import { readTraining } from './answer.ts';

/** The points and the model that a line of `npm run bench` asks for. */
export function setUp(line: string) {
  const { dims, trainSize, validationSize, seed, hidden, epochs, learningRate, batchSize } = readTraining(line);
  const spec = specSchema.parse({
    dataset: { dims, trainSize, validationSize, seed },
    models: [{ name: 'bench', hidden }],
    training: { epochs, learningRate, seed, batchSize },
  });
  return {
    data: { train: makePoints(spec.dataset, 'train'), validation: makePoints(spec.dataset, 'validation') },
    model: resolveModel(spec, 0),
  };
}
