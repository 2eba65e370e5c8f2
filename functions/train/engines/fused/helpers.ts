import { Worker } from 'node:worker_threads';
import type { Kernel } from './kernel.ts';
import type { Memory, Module } from './webassembly.ts';

/** What a helper's thread is told. */
export interface Help {
  readonly module: Module;
  readonly memory: Memory;
  readonly address: number;
  /** From 1: which part of the memory is the helper's own. */
  readonly place: number;
}

/** The threads that help this one: by their place, and kept from one training to the next. */
const crew: (Worker | undefined)[] = [];

/** Threads that take a share of a kernel's passes. */
export interface Helpers {
  /**
   * So many shall help from now on. The training waits for none of them: one that is late takes part later, one that
   * never comes up is missed by nobody.
   */
  summon(count: number): void;
  /** Sends all of them home. */
  dismiss(): void;
}

export function makeHelpers(kernel: Kernel): Helpers {
  const { module, memory } = kernel;
  let summoned = 0;
  return {
    summon(count) {
      if (count === summoned) return;
      if (count < summoned) {
        kernel.dismiss();
        summoned = 0;
      }
      if (count > 0) kernel.enlist(count);
      // A helper of a place is always the same thread, so that no two ever write to one part of the memory.
      for (; summoned < count; summoned++) {
        const help: Help = { module, memory, address: kernel.address(), place: summoned + 1 };
        helperAt(summoned).postMessage(help);
      }
    },
    dismiss() {
      kernel.dismiss();
    },
  };
}

function helperAt(index: number): Worker {
  const known = crew[index];
  if (known) return known;
  const worker = new Worker(new URL('./worker.ts', import.meta.url));
  const forget = () => {
    if (crew[index] === worker) crew[index] = undefined;
  };
  worker.on('error', forget);
  worker.on('exit', forget);
  worker.unref();
  crew[index] = worker;
  return worker;
}
