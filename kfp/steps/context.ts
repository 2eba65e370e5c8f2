import { XorflowError } from '../../events/errors.ts';
import type { Client } from '../../functions/client/client.ts';
import type { Execution } from '../executor.ts';

/** What a step works with. */
export interface StepContext {
  readonly execution: Execution;
  readonly client: Client;
  /** Aborted at the step's deadline, and when its pod is stopped. */
  readonly signal: AbortSignal;
  say(line: string): void;
}

export type Step = (context: StepContext) => Promise<void>;

/** A text parameter. @throws XorflowError `INVALID_ARGUMENT` where it is missing */
export function textOf({ parameters }: Execution, name: string): string {
  const value = parameters[name];
  if (typeof value === 'string') return value;
  throw new XorflowError('INVALID_ARGUMENT', `Wrong value ${JSON.stringify(value)} at ${name}: expected a string`);
}

/** An integer parameter. @throws XorflowError `INVALID_ARGUMENT` where it is missing */
export function integerOf({ parameters }: Execution, name: string): number {
  const value = parameters[name];
  if (Number.isInteger(value)) return Number(value);
  throw new XorflowError('INVALID_ARGUMENT', `Wrong value ${JSON.stringify(value)} at ${name}: expected an integer`);
}

/** The id that a run gives its experiment: the same for every pod and every retry. */
export function experimentOf(run: string): string {
  return `run-${run}`;
}
