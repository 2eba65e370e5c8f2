import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { RejectedError, toError } from '../../../events/errors.ts';
import type { TrainingSpec } from '../../../events/spec.ts';
import type { Engine } from './engine.ts';
import { trainWithKernel } from './fused/fused.ts';
import { loadKernels } from './fused/kernel.ts';
import { threadsFor } from './fused/threads.ts';
import { keepLoaded } from './keep-loaded.ts';

/** Larger files of points do not fit into the memory that a kernel can address. */
const LARGEST = 2 ** 31;

const loaded = new Map<Engine['name'], Promise<Engine>>();

/**
 * The engine that a training is to run on, loaded once per thread.
 *
 * @param bytes of the files of training and validation points
 * @throws RejectedError `ENGINE_MISSING` where it does not load
 */
export async function selectEngine(wanted: TrainingSpec['engine'], bytes = 0): Promise<Engine> {
  if (wanted === 'tensorflow') return once('tensorflow', loadTensorflow);
  if (wanted === 'fused' || bytes <= LARGEST) return once('fused', loadFused);
  const engine = await once('tensorflow', loadTensorflow);
  return { ...engine, reason: `more points than engine fused can address; ${engine.reason}` };
}

function once(name: string, load: () => Promise<Engine>): Promise<Engine> {
  const engine = loaded.get(name) ?? load();
  loaded.set(name, engine);
  return engine;
}

async function loadFused(): Promise<Engine> {
  try {
    const makeKernel = await loadKernels();
    return {
      name: 'fused',
      reason: 'faster at every width than the WASM backend of TensorFlow.js, and the same weights on every machine',
      train(data, model, onEpoch, cpus = () => 1) {
        const most = Math.min(threadsFor(data.train.dims, data.train.size, model), availableParallelism()) - 1;
        return trainWithKernel(makeKernel(), data, model, onEpoch, { most, now: () => Math.floor(cpus()) - 1 });
      },
    };
  } catch (error) {
    throw new RejectedError('ENGINE_MISSING', `Engine fused does not load: ${toError(error).message}`, {
      cause: error,
    });
  }
}

async function loadTensorflow(): Promise<Engine> {
  // Loaded when it is wanted, as it takes longer than a small training.
  const { loadWasm, trainWithTensorflow } = await import('./tensorflow.ts');
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
    keepLoaded();
    await import(name);
    return undefined;
  } catch (error) {
    const isAbsent =
      error instanceof Error && 'code' in error && /^(?:ERR_)?MODULE_NOT_FOUND$/.test(String(error.code));
    return isAbsent ? `${name} is not installed` : `${name} does not load`;
  }
}
