/** Every code of an error that the project throws on purpose, and what it tells. */
export const ERROR_CODES = {
  INVALID_EVENT: 'the message is no valid CloudEvent',
  INVALID_SPEC: 'a field of the spec or of an event is wrong, unknown or missing',
  INVALID_ARGUMENT: 'an option, a setting or an environment variable is wrong',
  INVALID_MANIFEST: 'a manifest has a field, kind or value that the local interpreter does not honour',
  TOO_LARGE: 'an event would be over 64 KiB, or an artifact over the limit of the store',
  NOT_FOUND: 'a digest, experiment or file is not there',
  CORRUPT_ARTIFACT: 'the bytes of an artifact do not match its digest, or are not what they should be',
  DIVERGED: 'the loss of a training stopped being finite',
  METRICS_REFUSED: "the metrics that a trial printed are none that Katib's collector and services go on with",
  ENGINE_MISSING: 'this machine lacks the engine that was asked for',
  INSUFFICIENT_MEMORY: 'the experiment needs more memory than the machine has',
  STORE_UNAVAILABLE: 'the store is away, full, or cannot be written',
  STORE_LOCKED: 'another process uses the store',
  DEAD_LETTER: 'a function did not take an event in all the attempts that its Trigger allows',
  SINK_UNAVAILABLE: 'the broker did not take an event',
  JOB_FAILED: 'the Job of a long training ended without a result',
  WORKER_LOST: 'a worker thread died or was shut down in the middle of its work',
  BUSY: 'the same event is being handled right now, or there is no capacity',
  PORT_IN_USE: 'the port to listen on is taken',
  PLATFORM_UNREACHABLE: 'no platform answers',
  CLUSTER_REFUSED: 'a cluster does not take what is deployed: rights, definitions or a namespace are missing',
  FIELD_CONFLICT: 'somebody else manages fields of an object in a cluster',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/**
 * Base of every error that the project throws on purpose. The message is one sentence:
 * value, place, rule (`Too large value 70000 at dataset.dims: expected an integer from 2 to 64`).
 */
export class XorflowError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }

  /** Without the stack: this form travels in events, logs and HTTP bodies. */
  toJSON(): { code: ErrorCode; message: string } {
    return { code: this.code, message: this.message };
  }
}

/** This input can never work: a function emits `experiment.failed` and acknowledges; no retry can help. */
export class RejectedError extends XorflowError {}

/** The message is no valid CloudEvent: answered with 400 and an empty body. */
export class InvalidEvent extends RejectedError {
  constructor(message: string, options?: ErrorOptions) {
    super('INVALID_EVENT', message, options);
  }
}

/** A dependency is away or busy: answered with 503 (409 for `BUSY`), so that the broker delivers again. */
export class TransientError extends XorflowError {}

/** Anything thrown as an Error, so that a `cause` and a message are always there. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}
