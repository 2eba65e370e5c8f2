const FREE = 0;
const AT_WORK = 1;
const ENDED = 2;

/** Where each thread says whether it is in a transaction. */
const states = new Set<Int32Array>();

/**
 * Lets a process end only when its thread is in no transaction: ended in the middle of one, lmdb waits for itself forever, and
 * the process for it.
 *
 * @returns for the thread to have, and what to call when the thread is gone
 */
export function guardExit(): { state: Int32Array; forget: () => void } {
  const state = new Int32Array(new SharedArrayBuffer(4));
  if (states.size === 0) process.on('exit', waitForAll);
  states.add(state);
  const forget = () => {
    states.delete(state);
    if (states.size === 0) process.off('exit', waitForAll);
  };
  return { state, forget };
}

/** In the thread: does what must not be left half done; does not begin when the process ends. */
export function wholly<R>(state: Int32Array, work: () => R): R {
  while (Atomics.compareExchange(state, 0, FREE, AT_WORK) !== FREE) Atomics.wait(state, 0, ENDED);
  try {
    return work();
  } finally {
    Atomics.store(state, 0, FREE);
    Atomics.notify(state, 0);
  }
}

function waitForAll(): void {
  for (const state of states) {
    while (Atomics.compareExchange(state, 0, FREE, ENDED) === AT_WORK) Atomics.wait(state, 0, AT_WORK);
  }
}
