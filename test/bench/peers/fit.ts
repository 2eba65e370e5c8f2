/** The `fit` of TensorFlow.js layers, for `npm run bench`: `fit.ts wasm|native`. */
import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { selectEngine } from '../../../functions/train/engines/select.ts';
import { loadWasm } from '../../../functions/train/engines/tensorflow.ts';
import { registerGradients } from '../../functions/train/gradients.ts';
import { answer, lack, toOutcome } from '../answer.ts';
import { setUp } from '../training.ts';

if (process.argv[2] === 'wasm') await loadWasm();
else {
  const { reason } = await selectEngine('tensorflow').catch(lack);
  if (tf.getBackend() !== 'tensorflow') lack(reason);
}
await registerGradients();

await answer(`backend ${tf.getBackend()}`, async (line) => {
  const { data, model } = setUp(line);
  const { epochs, learningRate } = model.training;
  const [train, validation] = [data.train, data.validation].map(({ size, coordinates, labels }) => {
    const rows = Array.from({ length: size }, (_, row) => coordinates.map((column) => column[row] ?? 0));
    return [tf.tensor2d(rows), tf.tensor2d(Float32Array.from(labels), [size, 1])] as const;
  });
  if (!train || !validation) return lack('no points');
  const network = layers.sequential();
  for (const [index, units] of model.hidden.entries()) {
    network.add(
      layers.layers.dense({ units, activation: 'relu', ...(index === 0 ? { inputShape: [data.train.dims] } : {}) }),
    );
  }
  const inputShape = model.hidden.length === 0 ? { inputShape: [data.train.dims] } : {};
  network.add(layers.layers.dense({ units: 1, activation: 'sigmoid', ...inputShape }));
  network.compile({ optimizer: tf.train.adam(learningRate), loss: 'binaryCrossentropy', metrics: ['accuracy'] });
  const started = performance.now();
  const { history } = await network.fit(train[0], train[1], {
    epochs,
    batchSize: data.train.size,
    shuffle: false,
    verbose: 0,
    validationData: [validation[0], validation[1]],
    yieldEvery: 'never',
  });
  const ms = performance.now() - started;
  network.dispose();
  tf.dispose([...train, ...validation]);
  return { ms, outcome: toOutcome(Number(history.loss?.at(-1)), Number(history.acc?.at(-1))) };
});
