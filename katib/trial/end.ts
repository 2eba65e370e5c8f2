import { writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { toError, XorflowError } from '../../events/errors.ts';
import { harmless } from './sentence.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Whoever stops the pod, or Katib's early stopping, wants the trial to end. */
export class Stopped extends Error {
  readonly exitCode: number;

  constructor(signal: NodeJS.Signals) {
    super(`Stopped by ${signal}`);
    this.exitCode = 128 + constants.signals[signal];
  }
}

/** What Kubernetes and Katib's wrapper are told of an error: 2 for a wrong setting, 1 for a trial that failed. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof Stopped) return error.exitCode;
  return error instanceof XorflowError && error.code === 'INVALID_ARGUMENT' ? 2 : 1;
}

/** Says something on standard error, which Katib's wrapper sends where the metrics are. */
export function warn(sentence: string): void {
  process.stderr.write(`${harmless(sentence)}\n`);
}

/**
 * Says why the trial ends without success, also where Kubernetes looks for it: nobody sees the output of a container
 * that Katib has wrapped, where its collector did not start.
 */
export function tell(error: unknown, env: Env): void {
  const { message } = toError(error);
  warn(message);
  try {
    // The file is there in a pod, and nowhere else.
    writeFileSync(env.XORFLOW_TERMINATION_LOG || '/dev/termination-log', harmless(message), { flag: 'r+' });
  } catch {
    // The sentence has been said.
  }
}
