import { isMainThread, parentPort, type Transferable, Worker, workerData } from 'node:worker_threads';
import { type ErrorCode, RejectedError, TransientError, toError } from '../../events/errors.ts';

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

/** What a task gets beside its input. */
export interface TaskContext {
  send(message: unknown, transfer?: readonly Transferable[]): void;
  /** For loops that never yield: whether nobody waits for the result any more. */
  cancelled(): boolean;
  /** For code that yields. */
  readonly signal: AbortSignal;
}

export type Tasks = Record<string, (input: never, context: TaskContext) => unknown>;

/** How long a cancelled task may take to notice, in milliseconds, before its thread is terminated. */
const GRACE_MS = 200;

interface WireError {
  readonly kind: 'rejected' | 'transient' | 'error';
  readonly code?: ErrorCode;
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
}

type FromThread =
  | { readonly type: 'loaded' }
  | { readonly type: 'message'; readonly id: number; readonly message: unknown }
  | { readonly type: 'result'; readonly id: number; readonly result: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly error: WireError };

type ToThread =
  | { readonly type: 'run'; readonly id: number; readonly task: string; readonly input: unknown }
  | { readonly type: 'cancel'; readonly id: number };

interface ThreadData {
  /** The id of the task that is cancelled: readable by a loop that never yields. */
  readonly cancelled: Int32Array;
  readonly data: unknown;
}

interface Job {
  readonly id: number;
  readonly task: string;
  readonly input: unknown;
  readonly options: RunOptions;
  settled: boolean;
  resolve(result: unknown): void;
  reject(error: unknown): void;
}

/** Makes a pool over a module that calls {@link serveTasks}; threads start when they are first needed. */
export function makePool(entry: URL, options: { size: number; data?: unknown }): Pool {
  const size = Math.max(1, options.size);
  const threads = new Set<Thread>();
  const queue: Job[] = [];
  let ids = 0;
  let closed = false;

  const start = (): Thread => {
    const thread = new Thread(entry, options.data, {
      idle: next,
      gone: () => {
        threads.delete(thread);
        next();
      },
    });
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
      await Promise.all([...threads].map((thread) => thread.terminate()));
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
  #job: Job | undefined;
  #timer: NodeJS.Timeout | undefined;
  #died: Error | undefined;

  constructor(entry: URL, data: unknown, on: { idle(): void; gone(): void }) {
    this.#on = on;
    const threadData: ThreadData = { cancelled: this.#cancelled, data };
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
    clearTimeout(this.#timer);
    this.#job = undefined;
    this.#worker.unref();
  }

  #lose(exitCode: number): void {
    clearTimeout(this.#timer);
    const job = this.#job;
    this.#job = undefined;
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

const MOVED = Symbol('moved');

/** A task's result with what is to be moved, not copied, to the thread that waits for it. */
export function moved(result: unknown, transfer: readonly Transferable[]): unknown {
  return { [MOVED]: transfer, result };
}

/** In the worker file: answers the pool's calls by these tasks, one at a time. */
export function serveTasks(tasks: Tasks): void {
  const port = parentPort;
  // Imported by a test or a tool on the main thread, the module has nobody to serve.
  if (isMainThread || !port) return;
  const { cancelled } = workerData as ThreadData;
  const answer = (message: FromThread, transfer: readonly Transferable[] = []) =>
    port.postMessage(message, [...transfer]);
  let running: { id: number; controller: AbortController } | undefined;

  const run = async (id: number, task: string, input: unknown): Promise<void> => {
    const controller = new AbortController();
    running = { id, controller };
    const context: TaskContext = {
      send: (message, transfer) => answer({ type: 'message', id, message }, transfer),
      cancelled: () => Atomics.load(cancelled, 0) === id,
      signal: controller.signal,
    };
    try {
      const handle = Object.hasOwn(tasks, task) ? tasks[task] : undefined;
      if (!handle) throw new TypeError(`Unknown task ${task}: expected one of ${Object.keys(tasks).join(', ')}`);
      const result = await handle(input as never, context);
      if (isMoved(result)) answer({ type: 'result', id, result: result.result }, result[MOVED]);
      else answer({ type: 'result', id, result });
    } catch (error) {
      answer({ type: 'failure', id, error: toWire(error) });
    }
  };

  port.on('message', (message: ToThread) => {
    if (message.type === 'run') void run(message.id, message.task, message.input);
    else if (running?.id === message.id) running.controller.abort();
  });
  answer({ type: 'loaded' });
}

/** What {@link makePool} was given as `data`; undefined on the main thread. */
export function threadData(): unknown {
  return isMainThread ? undefined : (workerData as ThreadData).data;
}

function isMoved(value: unknown): value is { [MOVED]: readonly Transferable[]; result: unknown } {
  return typeof value === 'object' && value !== null && MOVED in value;
}

function toWire(thrown: unknown): WireError {
  const { name, message, stack } = toError(thrown);
  if (thrown instanceof RejectedError) return { kind: 'rejected', code: thrown.code, name, message, stack };
  if (thrown instanceof TransientError) return { kind: 'transient', code: thrown.code, name, message, stack };
  return { kind: 'error', name, message, stack };
}

function fromWire({ kind, code, name, message, stack }: WireError): Error {
  const error =
    code === undefined || kind === 'error'
      ? new Error(message)
      : kind === 'rejected'
        ? new RejectedError(code, message)
        : new TransientError(code, message);
  error.name = name;
  if (stack !== undefined) error.stack = stack;
  return error;
}
