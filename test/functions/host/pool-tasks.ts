import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidEvent, RejectedError, TransientError } from '../../../events/errors.ts';
import { moved, serveTasks, threadData } from '../../../functions/host/tasks.ts';

serveTasks({
  double: (value: number) => value * 2,
  data: () => threadData(),
  thread: async () => {
    await sleep(20);
    return (await import('node:worker_threads')).threadId;
  },
  /** The most that were seen at work at once, in some time. */
  busy: async (rounds: number, { busy }) => {
    let most = 0;
    for (let round = 0; round < rounds; round++) {
      most = Math.max(most, busy());
      await sleep(2);
    }
    return most;
  },
  reject: () => {
    throw new RejectedError('DIVERGED', 'Loss NaN');
  },
  delay: () => {
    throw new TransientError('STORE_UNAVAILABLE', 'away');
  },
  invalid: () => {
    throw new InvalidEvent('no event');
  },
  bug: () => {
    throw new TypeError('undefined is not a function');
  },
  exit: () => process.exit(7),
  count: (to: number, { send }) => {
    for (let step = 1; step <= to; step++) send(step);
  },
  move: () => {
    const bytes = new Uint8Array([1, 2, 3]);
    return moved({ bytes }, [bytes.buffer]);
  },
  politeLoop: (flag: Int32Array, { cancelled, send }) => {
    send('started');
    while (!cancelled()) Atomics.add(flag, 0, 1);
    Atomics.store(flag, 1, 1);
  },
  wait: async (_: unknown, { send, signal }) => {
    send('started');
    await sleep(60_000, undefined, { signal });
  },
  deafLoop: (_: unknown, { send }) => {
    send('started');
    for (;;);
  },
});
