import assert from 'node:assert/strict';
import { getBackend } from '@tensorflow/tfjs-core';
import { selectEngine } from '../../../functions/train/engines/select.ts';
import { loadWasm } from '../../../functions/train/engines/tensorflow.ts';

/** The backend of TensorFlow.js that the suite runs on: WASM, or with `TENSORFLOW_BACKEND=native` the native library. */
export async function loadBackend(): Promise<void> {
  if (process.env.TENSORFLOW_BACKEND !== 'native') return loadWasm();
  const { reason } = await selectEngine('tensorflow');
  assert.equal(getBackend(), 'tensorflow', reason);
}
