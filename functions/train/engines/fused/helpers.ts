import { Worker } from 'node:worker_threads';
import type { Kernel } from './kernel.ts';
import type { Memory, Module } from './webassembly.ts';

/** What a helper's thread is given. */
export interface Help {
  readonly module: Module;
  readonly memory: Memory;
  readonly address: number;
  /** From 1: which part of the memory is the helper's own. */
  readonly place: number;
}

/**
 * Starts threads that take a share of a kernel's passes from when they are up until they are disposed of. The training
 * does not wait for them: one that never comes up is missed by nobody.
 */
export function startHelpers(kernel: Kernel, count: number): Disposable {
  const { module, memory } = kernel;
  const workers = Array.from({ length: count }, (_, index) => {
    const help: Help = { module, memory, address: kernel.address(), place: index + 1 };
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: help });
    worker.on('error', () => undefined);
    worker.unref();
    return worker;
  });
  return {
    [Symbol.dispose]() {
      kernel.dismiss();
      for (const worker of workers) void worker.terminate();
    },
  };
}
