import { setTimeout as sleep } from 'node:timers/promises';
import { LOG } from '../store/port.ts';
import type { Deps } from './function.ts';

const ASK_EVERY_MS = 1_000;

/**
 * Calls back when the store answers for the first time. A function whose store is away is alive and not ready: the
 * platform sends it nothing yet, and neither restarts it nor gives it up. Resolves after the first question, answered or
 * not; then it asks on until the function shuts down.
 */
export async function untilStoreAnswers({ store, log, draining }: Deps, onAnswer: () => void): Promise<void> {
  const ask = async (): Promise<boolean> => {
    try {
      await store.logs.read(LOG.experiments, 0, 1);
    } catch (error) {
      log.warn({ err: error }, 'not ready: the store does not answer');
      return false;
    }
    if (!draining.aborted) onAnswer();
    return true;
  };
  if (await ask()) return;
  void (async () => {
    do await sleep(ASK_EVERY_MS, undefined, { signal: draining });
    while (!(await ask()));
  })().catch(() => undefined);
}
