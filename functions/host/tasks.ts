import { isMainThread, parentPort, type Transferable, workerData } from 'node:worker_threads';
import { type ErrorCode, RejectedError, TransientError, toError } from '../../events/errors.ts';

/** What a task gets beside its input. */
export interface TaskContext {
  send(message: unknown, transfer?: readonly Transferable[]): void;
  /** For loops that never yield: whether nobody waits for the result any more. */
  cancelled(): boolean;
  /** How many of the pool's threads are at work now, this one among them. */
  busy(): number;
  /** For code that yields. */
  readonly signal: AbortSignal;
}

type Tasks = Record<string, (input: never, context: TaskContext) => unknown>;

interface WireError {
  readonly kind: 'rejected' | 'transient' | 'error';
  readonly code?: ErrorCode;
  readonly name: string;
  readonly message: string;
  readonly stack?: string | undefined;
}

export type FromThread =
  | { readonly type: 'loaded' }
  | { readonly type: 'message'; readonly id: number; readonly message: unknown }
  | { readonly type: 'result'; readonly id: number; readonly result: unknown }
  | { readonly type: 'failure'; readonly id: number; readonly error: WireError };

export type ToThread =
  | { readonly type: 'run'; readonly id: number; readonly task: string; readonly input: unknown }
  | { readonly type: 'cancel'; readonly id: number };

export interface ThreadData {
  /** The id of the task that is cancelled: readable by a loop that never yields. */
  readonly cancelled: Int32Array;
  /** How many threads of the pool are at work. */
  readonly busy: Int32Array;
  readonly data: unknown;
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
  const { cancelled, busy } = workerData as ThreadData;
  const answer = (message: FromThread, transfer: readonly Transferable[] = []) =>
    port.postMessage(message, [...transfer]);
  let running: { id: number; controller: AbortController } | undefined;

  const run = async (id: number, task: string, input: unknown): Promise<void> => {
    const controller = new AbortController();
    running = { id, controller };
    const context: TaskContext = {
      send: (message, transfer) => answer({ type: 'message', id, message }, transfer),
      cancelled: () => Atomics.load(cancelled, 0) === id,
      busy: () => Atomics.load(busy, 0),
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

/** An error of a thread, with its class and code. */
export function fromWire({ kind, code, name, message, stack }: WireError): Error {
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
