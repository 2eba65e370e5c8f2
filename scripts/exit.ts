import { constants } from 'node:os';
import { type ErrorCode, RejectedError, toError, XorflowError } from '../events/errors.ts';

/** What the command's exit code says. */
export const EXIT = { done: 0, failed: 1, usage: 2, unreachable: 3, interrupted: 130 } as const;

const USAGE: ReadonlySet<ErrorCode> = new Set([
  'INVALID_ARGUMENT',
  'INVALID_SPEC',
  'INVALID_MANIFEST',
  'TOO_LARGE',
  'NOT_FOUND',
  'INSUFFICIENT_MEMORY',
  'FIELD_CONFLICT',
]);

/** The user asked for something that cannot be: exit code 2. */
export function usageError(message: string, options?: ErrorOptions): RejectedError {
  return new RejectedError('INVALID_ARGUMENT', message, options);
}

/** The user, or whoever started us, wants us to end before the work is done. */
export class Interrupted extends Error {
  readonly exitCode: number;

  constructor(signal: NodeJS.Signals) {
    super(`Interrupted by ${signal}`);
    this.name = 'Interrupted';
    this.exitCode = 128 + constants.signals[signal];
  }
}

/** The exit code that tells a script what to do about an error. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof Interrupted) return error.exitCode;
  if (error instanceof XorflowError && USAGE.has(error.code)) return EXIT.usage;
  return EXIT.unreachable;
}

/** One sentence for people; the stack only for whoever sets DEBUG. */
export function sentenceOfError(thrown: unknown): string {
  const error = toError(thrown);
  if (process.env.DEBUG) return error.stack ?? error.message;
  if (error instanceof XorflowError || error instanceof Interrupted) return error.message;
  return `Unexpected error: ${error.message.split('\n')[0]} (set DEBUG=1 for the stack)`;
}

/** What `--json` prints where there is no result to print. */
export function documentOfError(thrown: unknown): Record<string, unknown> {
  if (thrown instanceof Interrupted) return { status: 'interrupted', reason: thrown.message };
  const code = thrown instanceof XorflowError ? thrown.code : 'INTERNAL';
  return { status: 'error', code, reason: sentenceOfError(thrown) };
}
