import { availableParallelism } from 'node:os';
import { RejectedError, toError } from '../../../events/errors.ts';
import type { TrainingSpec } from '../../../events/spec.ts';
import { estimateMs, type Work } from './cost.ts';
import type { Engine } from './engine.ts';
import { trainWithKernel } from './fused/fused.ts';
import { loadKernels } from './fused/kernel.ts';
import { threadsFor } from './fused/threads.ts';
import { findNative, loadNative } from './native.ts';

/** Larger files of points do not fit into the memory that a kernel can address. */
const LARGEST = 2 ** 31;

/** Milliseconds that TensorFlow's native library takes to load. */
const LOADING = 1000;

const loaded = new Map<Engine['name'], Promise<Engine>>();

/**
 * The engine that a training is to run on, loaded once per thread. What `auto` takes depends on the training and on the
 * machine, not on what has been trained before.
 *
 * @param work what is to be trained; without it `auto` is the engine of small trainings
 * @throws RejectedError `ENGINE_MISSING` where it does not load
 */
export async function selectEngine(wanted: TrainingSpec['engine'], work?: Work): Promise<Engine> {
  if (wanted === 'tensorflow') return once('tensorflow', loadTensorflow);
  const fused = () => once('fused', loadFused);
  if (wanted === 'fused' || !work) return fused();
  if (work.points * (4 * work.dims + 1) > LARGEST) {
    const engine = await once('tensorflow', loadTensorflow);
    return { ...engine, reason: `more points than engine fused can address; ${engine.reason}` };
  }
  if (findNative() !== undefined) return fused();
  const cpus = availableParallelism();
  const [own, native] = [estimateMs('fused', work, cpus), estimateMs('native', work, cpus)];
  if (own <= LOADING + native) {
    const engine = await fused();
    return { ...engine, reason: `about ${seconds(own)}; TensorFlow's native library: ${seconds(native)}` };
  }
  const engine = await once('tensorflow', loadTensorflow);
  const reason = `the native library: about ${seconds(native)}; engine fused: ${seconds(own)}`;
  // One that is installed and does not load leaves us the WASM backend, which is never the better one.
  return engine.reason.startsWith(NATIVE) ? { ...engine, reason } : fused();
}

function seconds(ms: number): string {
  return `${ms < 10_000 ? (ms / 1000).toPrecision(2) : Math.round(ms / 1000)} s`;
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
      train(data, model, onEpoch, cpus = () => 1, isJudged) {
        const { dims, size: points } = data.train;
        const most = Math.min(threadsFor({ dims, points, model }), availableParallelism()) - 1;
        const helpers = { most, now: () => Math.floor(cpus()) - 1 };
        return trainWithKernel(makeKernel(), data, model, onEpoch, helpers, isJudged);
      },
    };
  } catch (error) {
    throw new RejectedError('ENGINE_MISSING', `Engine fused does not load: ${toError(error).message}`, {
      cause: error,
    });
  }
}

const NATIVE = 'the native library';

async function loadTensorflow(): Promise<Engine> {
  // Loaded when it is wanted, as it takes longer than a small training.
  const { loadWasm, trainWithTensorflow } = await import('./tensorflow.ts');
  const missing = await loadNative();
  const native = { name: 'tensorflow', reason: `${NATIVE}: @tensorflow/tfjs-node is installed` };
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
