import type { Breaker } from './breaker.ts';
import type { Take } from './instance.ts';
import { type Answer, NoAnswer, type PostOptions, STOPPING, TIMEOUT } from './post.ts';
import type { ProxySettings } from './proxy.ts';

/** The way to a function of this process. */
export interface Door {
  readonly breaker: Breaker;
  readonly settings: Pick<ProxySettings, 'timeoutMs' | 'responseStartMs' | 'onRefused'>;
  /** What takes the messages, once there is an instance. */
  take(): Take | undefined;
}

const NOTHING = Buffer.alloc(0);

/**
 * Hands a message to a function of this process: what posting it through the proxy comes to, turns, limits and refusals
 * included, with no connection in between.
 *
 * @throws NoAnswer when the limit of `options` is over or its signal aborts
 */
export function handOver(target: string, options: PostOptions, { breaker, settings, take }: Door): Promise<Answer> {
  const { headers, body, timeoutMs, signal } = options;
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  let isAdmitted = false;
  let isOver = false;
  const leave = () => {
    isOver = true;
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    if (isAdmitted) breaker.leave();
    else breaker.cancel(entrant);
  };
  const refuse = (status: number, reason: string) => {
    if (isOver) return;
    leave();
    settings.onRefused(status, reason);
    resolve({ status, headers: {}, body: Buffer.from(reason) });
  };
  const giveUp = (reason: string) => {
    if (isOver) return;
    leave();
    reject(new NoAnswer(`Post ${JSON.stringify(new URL(target).href)}: ${reason}`));
  };
  const stop = () => giveUp(STOPPING);
  const entrant = {
    admit() {
      isAdmitted = true;
      const answering = take()?.({ headers: { ...headers }, body }) ?? Promise.reject(new Error('it is not there'));
      answering.then(
        (answer) => {
          if (isOver) return;
          leave();
          resolve({ status: answer.status, headers: answer.headers ?? {}, body: answer.body ?? NOTHING });
        },
        (error: Error) => refuse(502, `no answer from the function: ${error.message}`),
      );
    },
    refuse: () => refuse(503, 'shutting down'),
  };
  // A whole answer comes at once, so the time to its first byte is the time to its last.
  const ownMs = Math.min(settings.responseStartMs, settings.timeoutMs);
  const late = settings.timeoutMs < settings.responseStartMs ? 'request timeout' : 'response start timeout';
  const timer = timeoutMs <= ownMs ? setTimeout(giveUp, timeoutMs, TIMEOUT) : setTimeout(refuse, ownMs, 504, late);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  else if (!breaker.enter(entrant)) refuse(503, 'pending request queue full');
  return promise;
}
