import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where Linux tells of its processes. */
const PROC = '/proc';
const PROGRAM = 'file-metricscollector';
const EVERY_MS = 200;
/** From its start to its look for the process that it collects from. */
const SETTLED_MS = 1_000;

/**
 * Waits until Katib's collector of a trial has been running for a second. A program that ends earlier is not found by
 * it, and its trial fails: containers of a pod start one after another. A pod of Katib shares its processes.
 *
 * @throws the signal's reason
 */
export async function awaitCollector(trial: string, signal: AbortSignal, proc = PROC): Promise<void> {
  for (let since: number | undefined; ; ) {
    signal.throwIfAborted();
    since = hasCollector(trial, proc) ? (since ?? performance.now()) : undefined;
    if (since !== undefined && performance.now() - since >= SETTLED_MS) return;
    await sleep(EVERY_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
  }
}

/** Whether the collector of a trial is there, by its command line `./file-metricscollector -t <trial> …`. */
export function hasCollector(trial: string, proc = PROC): boolean {
  return read(() => readdirSync(proc), []).some((entry) => {
    if (!/^\d+$/.test(entry)) return false;
    const words = read(() => readFileSync(join(proc, entry, 'cmdline'), 'utf8'), '').split('\0');
    return words.includes(trial) && words.some((word) => word.includes(PROGRAM));
  });
}

/** A process may have ended in the meantime, or not be for us to see; a Mac has no such folder. */
function read<T>(look: () => T, fallback: T): T {
  try {
    return look();
  } catch {
    return fallback;
  }
}
