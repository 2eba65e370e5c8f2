import type { EnvelopeMessage } from '../../events/envelope.ts';
import type { Answer as FunctionAnswer } from '../../functions/host/answer.ts';

/** What it takes to start the function of a Service. */
export interface Launch {
  readonly service: string;
  /** The absolute path of its `index.ts`. */
  readonly file: string;
  /** All of its environment but PORT. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the readiness probe asks; undefined is a connection alone. */
  readonly readinessPath: string | undefined;
  onOutput(stream: 'stdout' | 'stderr', line: string): void;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** Takes a request as `POST /` of a function would, without a connection. */
export type Take = (message: EnvelopeMessage) => Promise<FunctionAnswer>;

/** A function that is ready. */
export interface Instance {
  readonly port: number;
  /** Where it lives in this process. */
  readonly take?: Take;
  /** Resolves when it ended without having been asked to; never for what lives in this process. */
  readonly exited: Promise<Exit>;
  /** As SIGTERM: it finishes what is in flight; what is not done after `graceMs` is killed, as far as that can be. */
  stop(graceMs: number): Promise<void>;
}

/** Starts a function and resolves when it is ready. */
export type StartInstance = (launch: Launch, signal: AbortSignal) => Promise<Instance>;
