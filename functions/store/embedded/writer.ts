import { Worker } from 'node:worker_threads';
import type { RootDatabase } from 'lmdb';
import { TransientError, toError } from '../../../events/errors.ts';
import { commit, type FromWriter, type Outcomes, type ToWriter, type WriterData } from './commit.ts';
import { guardExit } from './whole.ts';

interface Job<Request, Result> {
  readonly request: Request;
  readonly written: Promise<Result>;
  resolve(result: Result): void;
  reject(error: Error): void;
}

/** An LMDB file and how it is written. */
export interface WriterOptions<Request, Result> {
  readonly file: string;
  /** The file, open here. */
  readonly root: RootDatabase;
  /** Writes one request, called in a transaction; it keeps nothing but in the database. */
  readonly write: (request: Request) => Result;
  /** The module that calls `serveWrites` with the same in the thread. */
  readonly entry: URL;
}

/**
 * Writes to an LMDB file in a thread of its own, so that nobody else waits while the disk is flushed. What comes during
 * one commit shares the next. The thread starts with the second commit, and keeps no process alive while it has nothing to
 * do; until it is there the commits are made here: it takes longer to come up than they do.
 */
export class Writer<Request, Result> {
  readonly #options: WriterOptions<Request, Result>;
  #waiting: Job<Request, Result>[] = [];
  /** What the thread is at. */
  #sent: Job<Request, Result>[] = [];
  #thread: Worker | undefined;
  #gone: Promise<unknown> | undefined;
  #isReady = false;
  #isFirst = true;
  #isClosed = false;

  constructor(options: WriterOptions<Request, Result>) {
    this.#options = options;
  }

  /**
   * Writes one request, in the order of the calls; it is on disk when this resolves. Who reads the file here sees it after
   * `resetReadTxn`.
   *
   * @throws Error what LMDB told, and then nothing of the request is kept; TransientError `STORE_UNAVAILABLE` when the thread
   *   is lost, and then it may be kept, or when the writer is closed
   */
  write(request: Request): Promise<Result> {
    if (this.#isClosed) return Promise.reject(unavailable(`Cannot write to ${this.#options.file}: it is closed`));
    // What else this turn of the event loop brings shares the transaction.
    if (this.#waiting.length + this.#sent.length === 0) setImmediate(() => this.#next());
    const { promise: written, resolve, reject } = Promise.withResolvers<Result>();
    this.#waiting.push({ request, written, resolve, reject });
    return written;
  }

  /** Writes what waits, and ends the thread. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.allSettled([...this.#sent, ...this.#waiting].map(({ written }) => written));
    // Never terminated: LMDB in the middle of a call would take the process along.
    this.#thread?.ref();
    this.#tell({ type: 'close' });
    await this.#gone;
  }

  #next(): void {
    if (this.#sent.length > 0) return;
    const jobs = this.#waiting.splice(0);
    if (jobs.length === 0) {
      // Who closes waits for the thread, which may only now be ready.
      if (!this.#isClosed) this.#thread?.unref();
      return;
    }
    const requests = jobs.map(({ request }) => request);
    if (this.#isReady) {
      this.#sent = jobs;
      this.#thread?.ref();
      this.#tell({ type: 'write', requests });
      return;
    }
    if (!this.#isFirst) this.#thread ??= this.#start();
    this.#isFirst = false;
    settle(jobs, commit(this.#options.root, this.#options.write, requests));
  }

  #tell(message: ToWriter<Request>): void {
    this.#thread?.postMessage(message);
  }

  #start(): Worker {
    const { entry, file } = this.#options;
    const { state, forget } = guardExit();
    const thread = new Worker(entry, { workerData: { file, state } satisfies WriterData });
    let reason: Error | undefined;
    thread.on('message', (message: FromWriter<Result>) => {
      if (message.type === 'ready') this.#isReady = true;
      const jobs = this.#sent.splice(0);
      this.#next();
      if (message.type === 'written') settle(jobs, message.outcomes);
    });
    thread.unref();
    thread.on('error', (error) => {
      reason = toError(error);
    });
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#gone = promise;
    thread.on('exit', (exitCode) => {
      forget();
      this.#thread = undefined;
      this.#isReady = false;
      const jobs = this.#sent.splice(0);
      this.#next();
      const why = reason?.message ?? `it exited with ${exitCode}`;
      const error = unavailable(`Lost the thread that writes to ${file}: ${why}; it can be tried again`, reason);
      for (const job of jobs) job.reject(error);
      resolve();
    });
    return thread;
  }
}

function settle<Result>(jobs: readonly Job<unknown, Result>[], outcomes: Outcomes<Result>): void {
  for (const [index, job] of jobs.entries()) {
    const outcome = outcomes[index];
    if (outcome && 'result' in outcome) job.resolve(outcome.result);
    else job.reject(outcome?.error ?? new Error('no answer'));
  }
}

function unavailable(message: string, cause?: Error): TransientError {
  return new TransientError('STORE_UNAVAILABLE', message, { cause });
}
