import { createRequire } from 'node:module';
import { RejectedError, toError } from '../../../events/errors.ts';
import type { TrainingSpec } from '../../../events/spec.ts';
import type { Engine } from './engine.ts';
import { loadWasm, trainWithTensorflow } from './tensorflow.ts';

let tensorflow: Promise<Engine> | undefined;

/**
 * The engine that a training is to run on, loaded once per thread.
 *
 * @throws RejectedError `ENGINE_MISSING` where no backend of it loads
 */
export async function selectEngine(wanted: TrainingSpec['engine']): Promise<Engine> {
  tensorflow ??= loadTensorflow();
  const engine = await tensorflow;
  // So far there is one; `auto` and its name mean the same.
  return wanted === 'auto' ? { ...engine, reason: `the only engine so far; ${engine.reason}` } : engine;
}

async function loadTensorflow(): Promise<Engine> {
  const missing = await loadNative();
  const native = { name: 'tensorflow', reason: 'the native library: @tensorflow/tfjs-node is installed' };
  if (missing === undefined) return { ...native, train: trainWithTensorflow };
  try {
    await loadWasm();
  } catch (error) {
    throw new RejectedError(
      'ENGINE_MISSING',
      `No backend of engine tensorflow loads: expected @tensorflow/tfjs-node or @tensorflow/tfjs-backend-wasm (${toError(error).message})`,
      { cause: error },
    );
  }
  return { name: 'tensorflow', reason: `the WASM backend: ${missing}`, train: trainWithTensorflow };
}

/** Loads TensorFlow's native library; says why not where it does not load. */
async function loadNative(): Promise<string | undefined> {
  const name = '@tensorflow/tfjs-node';
  const require = createRequire(import.meta.url);
  // tfjs-node calls what Node 23 removed from its util module.
  const util: Record<string, unknown> = require('node:util');
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
  try {
    await import(name);
    return undefined;
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';
    return isAbsent ? `${name} is not installed` : `${name} does not load`;
  }
}
