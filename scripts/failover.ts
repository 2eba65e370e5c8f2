import { randomUUID } from 'node:crypto';
import { XorflowError } from '../events/errors.ts';
import type { Client } from '../functions/client/client.ts';

/**
 * A client that goes on with another platform on the same data when the first one has gone away: requests keep their
 * event's id, streams their position.
 *
 * @param next the platform to go on with; undefined where there is none, and the error stands
 */
export function makeFailover(first: Client, next: (signal: AbortSignal) => Promise<Client | undefined>): Client {
  let current = first;
  let changing: Promise<Client | undefined> | undefined;

  /** Several requests may fail at once; they wait for the same change. */
  const change = async (from: Client, error: unknown, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    if (!(error instanceof XorflowError && error.code === 'PLATFORM_UNREACHABLE')) throw error;
    if (current !== from) return;
    changing ??= next(signal).finally(() => {
      changing = undefined;
    });
    const found = await changing;
    if (!found) throw error;
    if (current === from) current = found;
  };

  const attempt = async <R>(signal: AbortSignal, work: (client: Client) => Promise<R>): Promise<R> => {
    for (;;) {
      const client = current;
      try {
        return await work(client);
      } catch (error) {
        await change(client, error, signal);
      }
    }
  };

  return {
    get url() {
      return current.url;
    },
    request(spec, signal, event = { id: randomUUID() }) {
      return attempt(signal, (client) => client.request(spec, signal, event));
    },
    list: (signal) => attempt(signal, (client) => client.list(signal)),
    events: (id, signal) => attempt(signal, (client) => client.events(id, signal)),
    save: (digest, file, signal) => attempt(signal, (client) => client.save(digest, file, signal)),
    artifact: (digest, signal) => attempt(signal, (client) => client.artifact(digest, signal)),
    async *follow(id, after, signal) {
      let position = after;
      for (;;) {
        const client = current;
        try {
          for await (const logged of client.follow(id, position, signal)) {
            position = logged.position;
            yield logged;
          }
        } catch (error) {
          await change(client, error, signal);
        }
      }
    },
    lines: (id, signal) => current.lines(id, signal),
    async [Symbol.asyncDispose]() {},
  };
}
