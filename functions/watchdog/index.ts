import type { FunctionDefinition } from '../host/function.ts';
import { main } from '../host/main.ts';
import { watchJob } from './handler.ts';

/** Tells of the Jobs that die without a word. */
export const definition: FunctionDefinition = {
  name: 'watchdog',
  // What happens to Jobs is told by Knative, in types that are not ours.
  accepts: 'all',
  emitsMany: false,
  handle: watchJob,
};

if (import.meta.main) await main(definition);
