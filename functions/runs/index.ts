import type { FunctionDefinition } from '../host/function.ts';
import { main } from '../host/main.ts';
import { startRun } from './handler.ts';
import { readSettings } from './settings.ts';

/** Shows experiments that events have started as runs of Kubeflow Pipelines; no cluster needs it. */
export const definition: FunctionDefinition = {
  name: 'runs',
  // Whether a spec is right is not for it to say: what it refuses may not become experiment.failed.
  accepts: 'all',
  emitsMany: false,
  handle: startRun,
  async init({ env }) {
    readSettings(env);
  },
};

if (import.meta.main) await main(definition);
