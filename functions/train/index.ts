import { availableParallelism } from 'node:os';
import type { FunctionDefinition } from '../host/function.ts';
import { perInstance } from '../host/instances.ts';
import { main } from '../host/main.ts';
import { makePool } from '../host/pool.ts';
import { requestTrainings, trainModel } from './handler.ts';
import { readJobLimit } from './tier.ts';
import { runTrial } from './trial.ts';

// TensorFlow's native library reads these of the process, not of a thread. Nothing but errors is told; and oneDNN would
// add in another order on each kind of processor, and takes longer for networks as small as ours.
process.env.TF_CPP_MIN_LOG_LEVEL ??= '2';
process.env.TF_ENABLE_ONEDNN_OPTS ??= '0';

const threads = perInstance(({ concurrency }) => {
  const size = Math.min(concurrency || Number.POSITIVE_INFINITY, availableParallelism());
  return makePool(new URL('./worker.ts', import.meta.url), { size });
});

/** Asks for the trainings of an experiment, trains its models side by side, and tries what searches ask for. */
export const definition: FunctionDefinition = {
  name: 'train',
  accepts: ['dataset.generated', 'trial.requested', 'training.requested'],
  emitsMany: true,
  handle: async (event, deps) => {
    if (event.type === 'dataset.generated') return requestTrainings(event, deps);
    if (event.type === 'training.requested') return trainModel(event, deps, threads.of(deps));
    return event.type === 'trial.requested' ? runTrial(event, deps, threads.of(deps)) : [];
  },
  // In the background: the first training waits for its thread in any case, and a thread that cannot start is its error.
  init: async (deps) => {
    readJobLimit(deps.env);
    threads
      .of(deps)
      .warm()
      .catch(() => undefined);
  },
  shutdown: threads.release,
};

if (import.meta.main) await main(definition);
