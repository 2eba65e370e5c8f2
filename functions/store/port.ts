import type { Readable } from 'node:stream';
import type { Descriptor } from '../../events/descriptor.ts';

/** What makes an artifact of bytes: everything of its descriptor that the bytes do not say. */
export interface ArtifactInfo {
  readonly mediaType: string;
  readonly name: string;
}

/** Bytes under their own digest: written once, never changed. */
export interface Artifacts {
  /**
   * Keeps the bytes; a no-op where they are there already. Nothing half-written is ever visible.
   * @throws RejectedError `TOO_LARGE` where the store has a limit
   */
  put(bytes: Uint8Array, info: ArtifactInfo): Promise<Descriptor>;
  /**
   * The bytes of a digest, verified against it; they are the caller's own, to change or to give away.
   * @throws RejectedError `NOT_FOUND` for an unknown digest, `CORRUPT_ARTIFACT` where the bytes do not match it
   */
  get(digest: string): Promise<Buffer>;
  /** For serving: the size, and the bytes as a stream; undefined for an unknown digest. */
  open(digest: string): Promise<{ size: number; stream(): Readable } | undefined>;
}

export interface LogEntry {
  /** From 1, without gaps, in the order of appending. */
  readonly position: number;
  readonly key: string;
  readonly value: string;
}

/** Named append-only logs; every record of the system is an entry of one, and all state is a fold over them. */
export interface Logs {
  /** Appends what the log does not hold yet; entries whose key is there already are left as they are. Durable when it resolves. */
  append(
    log: string,
    entries: readonly { key: string; value: string }[],
  ): Promise<{ position: number; appended: boolean }[]>;
  /** Entries after a position (0: from the first), in order. */
  read(log: string, after?: number, limit?: number): Promise<LogEntry[]>;
  /** The entry of a key, if the log has it. */
  find(log: string, key: string): Promise<LogEntry | undefined>;
  /** Entries after a position and then each new one as it comes, until the signal; once begun, it outlasts a store in Redis that is away. */
  follow(log: string, after: number, signal: AbortSignal): AsyncIterable<LogEntry>;
}

/** Where functions keep what outlives a request. All methods throw TransientError `STORE_UNAVAILABLE` while it is away. */
export interface Store extends AsyncDisposable {
  readonly artifacts: Artifacts;
  readonly logs: Logs;
}

/** The names of the logs. */
export const LOG = {
  /** Every experiment, by id, in the order of arrival. */
  experiments: 'experiments',
  /** The events of one experiment or trial, each once (source + id), as structured JSON. */
  events: (experiment: string) => `events/${experiment}`,
  /** The events of one search (`search.started`, `trial.*`, `trials.plotted`), each once (source + id), as structured JSON. */
  search: (experiment: string) => `search/${experiment}`,
  /** The trainings that are Jobs, as structured JSON, by the id that JobSink gives a Job. */
  jobs: 'jobs',
  /** The metric lines of one experiment's trainings, or of a trial. */
  lines: (experiment: string) => `lines/${experiment}`,
  /** Every search, by the name of its Katib Experiment, in the order of arrival. */
  searches: 'searches',
  /** Every trial, by name, in the order of arrival; a trial's own events stand in the log of its name. */
  trials: 'trials',
} as const;
