import { setTimeout as sleep } from 'node:timers/promises';
import type { FunctionDefinition } from '../host/function.ts';
import { perInstance } from '../host/instances.ts';
import { main } from '../host/main.ts';
import { plotTrials } from './handler.ts';
import { makePlotter } from './plotter.ts';
import type { Pause } from './quiet.ts';

/** No trial may end for as many milliseconds before a search is drawn. */
const QUIET_MS = 500;

const plotter = perInstance(makePlotter);
const pause: Pause = (signal) => sleep(QUIET_MS, undefined, { signal });

/** Draws a search when one of its trials ends, unless the next one ends right after it. */
export const definition: FunctionDefinition = {
  name: 'trials',
  accepts: ['trial.completed'],
  emitsMany: false,
  handle: async (event, deps) =>
    event.type === 'trial.completed' ? plotTrials(event, deps, { draw: plotter.of(deps).draw, pause }) : [],
  init: async (deps) => void plotter.of(deps),
  shutdown: plotter.release,
};

if (import.meta.main) await main(definition);
