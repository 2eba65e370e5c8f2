/** What a thrown error means for the platform; the class says what shall happen next. */
export type ErrorCode =
  | 'INVALID_EVENT'
  | 'INVALID_SPEC'
  | 'INVALID_ARGUMENT'
  | 'TOO_LARGE'
  | 'NOT_FOUND'
  | 'CORRUPT_ARTIFACT'
  | 'DIVERGED'
  | 'ENGINE_MISSING'
  | 'INSUFFICIENT_MEMORY'
  | 'STORE_UNAVAILABLE'
  | 'STORE_LOCKED'
  | 'SINK_UNAVAILABLE'
  | 'BUSY'
  | 'INVALID_MANIFEST'
  | 'PORT_IN_USE'
  | 'PLATFORM_UNREACHABLE';

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
