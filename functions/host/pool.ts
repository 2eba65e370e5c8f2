import { setTimeout as sleep } from 'node:timers/promises';
import { type Transferable, Worker } from 'node:worker_threads';
import { TransientError, toError } from '../../events/errors.ts';
import { type FromThread, fromWire, type ThreadData, type ToThread } from './tasks.ts';

/** What one task is run with. */
export interface RunOptions {
  /** Cancels the task: the run rejects with the signal's reason at once, and the thread is stopped if it does not stop. */
  readonly signal?: AbortSignal | undefined;
  /** Gets what the task sends while it works. */
  readonly onMessage?: ((message: unknown) => void) | undefined;
  readonly transfer?: readonly Transferable[];
}

/** A bounded number of worker threads with a queue in front of them. */
export interface Pool extends AsyncDisposable {
  readonly size: number;
  /** Starts every thread and waits until all have loaded their tasks. */
  warm(): Promise<void>;
  /**
   * Runs a task on the next free thread.
   *
   * @throws what the task threw, with its class and code; TransientError where the thread died; the signal's reason
   */
  run<R>(task: string, input: unknown, options?: RunOptions): Promise<R>;
}

/**
 * How long a cancelled task may take to notice, in milliseconds, before its thread is terminated. Longer than any picture
 * takes: a native addon whose thread is ended in the middle of a call, or while it loads, takes the whole process with it.
 */
const GRACE_MS = 1_000;
/** How long a thread may take to load before it is ended all the same. */
const LOADING_MS = 10_000;

interface Job {
  readonly id: number;
  readonly task: string;
  readonly input: unknown;
  readonly options: RunOptions;
  settled: boolean;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** Makes a pool over a module that calls `serveTasks`; threads start when they are first needed. */
export function makePool(entry: URL, options: { size: number; data?: unknown }): Pool {
  const size = Math.max(1, options.size);
  const threads = new Set<Thread>();
  const queue: Job[] = [];
  let ids = 0;
  const busy = new Int32Array(new SharedArrayBuffer(4));
  let closed = false;

  const start = (): Thread => {
    const thread = new Thread(
      entry,
      { busy, data: options.data },
      {
        idle: next,
        gone: () => {
          threads.delete(thread);
          next();
        },
      },
    );
    threads.add(thread);
    return thread;
  };

  function next(): void {
    while (queue.length > 0 && !closed) {
      const idle = [...threads].find((thread) => !thread.busy) ?? (threads.size < size ? start() : undefined);
      if (!idle) return;
      const job = queue.shift();
      if (job) idle.take(job);
    }
  }

  return {
    size,
    async warm() {
      while (threads.size < size) start();
      await Promise.all([...threads].map((thread) => thread.loaded));
    },
    async run<R>(task: string, input: unknown, runOptions: RunOptions = {}): Promise<R> {
      if (closed) throw new TransientError('WORKER_LOST', `Cannot run ${task}: the worker threads are shut down`);
      const { signal } = runOptions;
      signal?.throwIfAborted();
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const job: Job = { id: ++ids, task, input, options: runOptions, settled: false, resolve, reject };
      const abort = () => {
        const waiting = queue.indexOf(job);
        if (waiting >= 0) queue.splice(waiting, 1);
        for (const thread of threads) thread.cancel(job);
        job.settled = true;
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', abort, { once: true });
      queue.push(job);
      next();
      try {
        return (await promise) as R;
      } finally {
        signal?.removeEventListener('abort', abort);
      }
    },
    async [Symbol.asyncDispose]() {
      closed = true;
      for (const job of queue.splice(0)) {
        job.reject(new TransientError('WORKER_LOST', `Cannot run ${job.task}: the worker threads are shut down`));
      }
      await Promise.all([...threads].map((thread) => thread.end()));
    },
  };
}

/** One worker thread and the task that it is at. */
class Thread {
  /** Resolves when the thread can take tasks; rejects with what kept it from loading. */
  readonly loaded: Promise<void>;
  readonly #worker: Worker;
  readonly #cancelled = new Int32Array(new SharedArrayBuffer(4));
  readonly #on: { idle(): void; gone(): void };
  readonly #busy: Int32Array;
  #job: Job | undefined;
  #timer: NodeJS.Timeout | undefined;
  #onFree: (() => void) | undefined;
  #died: Error | undefined;

  constructor(entry: URL, shared: Omit<ThreadData, 'cancelled'>, on: { idle(): void; gone(): void }) {
    this.#on = on;
    this.#busy = shared.busy;
    const threadData: ThreadData = { cancelled: this.#cancelled, ...shared };
    this.#worker = new Worker(entry, { workerData: threadData });
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.loaded = promise;
    // Whoever waits for the task learns of a failed start through it; without waiters nothing is unhandled.
    promise.catch(() => undefined);
    this.#worker.on('message', (message: FromThread) => {
      if (message.type === 'loaded') {
        resolve();
        if (!this.busy) this.#worker.unref();
      } else this.#hear(message);
    });
    this.#worker.on('error', (error) => {
      this.#died = toError(error);
      reject(error);
    });
    this.#worker.on('exit', (exitCode) => {
      reject(this.#died ?? new Error(`Worker thread ${entry} ended with ${exitCode} before it had loaded`));
      this.#lose(exitCode);
    });
  }

  get busy(): boolean {
    return this.#job !== undefined;
  }

  take(job: Job): void {
    this.#job = job;
    Atomics.add(this.#busy, 0, 1);
    this.#worker.ref();
    const { id, task, input } = job;
    try {
      this.#worker.postMessage({ type: 'run', id, task, input } satisfies ToThread, [...(job.options.transfer ?? [])]);
    } catch (error) {
      this.#finish();
      job.reject(error);
    }
  }

  cancel(job: Job): void {
    if (this.#job !== job) return;
    Atomics.store(this.#cancelled, 0, job.id);
    this.#worker.postMessage({ type: 'cancel', id: job.id } satisfies ToThread);
    this.#timer = setTimeout(() => void this.terminate(), GRACE_MS);
  }

  async terminate(): Promise<void> {
    await this.#worker.terminate();
  }

  /** Ends the thread when it has loaded, and after its job, as far as that takes no longer than the grace. */
  async end(): Promise<void> {
    const job = this.#job;
    const over = new AbortController();
    const grace = sleep(job ? GRACE_MS : LOADING_MS, undefined, { signal: over.signal }).catch(() => undefined);
    // A thread that is waited for holds the process, and one that loads is still at it.
    this.#worker.ref();
    if (job) {
      const { promise: free, resolve } = Promise.withResolvers<void>();
      this.#onFree = resolve;
      job.reject(new TransientError('WORKER_LOST', `Gave up ${job.task}: the worker threads are shut down`));
      Atomics.store(this.#cancelled, 0, job.id);
      this.#worker.postMessage({ type: 'cancel', id: job.id } satisfies ToThread);
      await Promise.race([free, grace]);
    } else await Promise.race([this.loaded.catch(() => undefined), grace]);
    over.abort();
    await this.terminate();
  }

  #hear(message: Exclude<FromThread, { type: 'loaded' }>): void {
    const job = this.#job;
    if (job?.id !== message.id) return;
    if (message.type === 'message') {
      if (!job.settled) job.options.onMessage?.(message.message);
      return;
    }
    this.#finish();
    if (message.type === 'result') job.resolve(message.result);
    else job.reject(fromWire(message.error));
    this.#on.idle();
  }

  #finish(): void {
    this.#leave();
    this.#worker.unref();
  }

  /** Is at no job any more; gives the one that it was at. */
  #leave(): Job | undefined {
    clearTimeout(this.#timer);
    const job = this.#job;
    this.#job = undefined;
    if (job) Atomics.sub(this.#busy, 0, 1);
    this.#onFree?.();
    return job;
  }

  #lose(exitCode: number): void {
    const job = this.#leave();
    const cause = this.#died;
    const outOfMemory = cause !== undefined && 'code' in cause && cause.code === 'ERR_WORKER_OUT_OF_MEMORY';
    job?.reject(
      new TransientError(
        outOfMemory ? 'INSUFFICIENT_MEMORY' : 'WORKER_LOST',
        `Lost the worker thread at ${job.task}: ${cause?.message ?? `it exited with ${exitCode}`}; the task can be tried again`,
        { cause },
      ),
    );
    this.#on.gone();
  }
}
