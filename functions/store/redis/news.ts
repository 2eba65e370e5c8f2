import { EventEmitter, once } from 'node:events';
import type { Connection } from './connection.ts';
import { NEWS } from './keys.ts';

/** How often a follower looks by itself: what is published while the connection is down is not heard. */
const POLL_MS = 2_000;

/** One wait of a follower. */
export interface Listening extends Disposable {
  /** Resolves when the log may have new entries, or with the signal. */
  readonly heard: Promise<void>;
  /** Resolves with the signal alone. */
  readonly stopped: Promise<undefined>;
}

/**
 * Tells followers of a log that it has got entries. All followers of a process share one connection, which is opened
 * with the first of them: it subscribes to a channel with the names of logs that have grown, and each follower reads by
 * the connection that all commands take. (A blocking XREAD would not do: in a cluster it takes one for each slot, and
 * a log can join it only after it has been woken.)
 */
export function openNews(connection: Connection): { listen(log: string, signal: AbortSignal): Listening } {
  const emitter = new EventEmitter().setMaxListeners(0);
  let isSubscribed = false;
  const subscribe = () => {
    isSubscribed = true;
    const client = connection.another();
    client.on('message', (_channel: string, log: string) => emitter.emit(nameOf(log)));
    client.on('ready', async () => {
      // Without the right to subscribe, they look by themselves.
      await client.subscribe(NEWS).catch(() => undefined);
      for (const name of emitter.eventNames()) if (name !== 'error') emitter.emit(name);
    });
  };
  return {
    listen(log, signal) {
      if (!isSubscribed) subscribe();
      const over = new AbortController();
      const either = AbortSignal.any([signal, over.signal]);
      return {
        heard: once(emitter, nameOf(log), { signal: AbortSignal.any([either, AbortSignal.timeout(POLL_MS)]) }).then(
          () => undefined,
          () => undefined,
        ),
        stopped: new Promise((resolve) => {
          either.addEventListener('abort', () => resolve(undefined), { once: true });
        }),
        [Symbol.dispose]: () => over.abort(),
      };
    },
  };
}

/** The channel may say anything, and `error` would end the process. */
function nameOf(log: string): string {
  return `log ${log}`;
}
