import { EventEmitter, once } from 'node:events';
import { Readable } from 'node:stream';
import { digestOf } from '../../events/descriptor.ts';
import { RejectedError } from '../../events/errors.ts';
import type { LogEntry, Store } from '../../functions/store/port.ts';

/** A store in memory with the same behaviour as the real ones; the store's suite runs against it too. */
export function makeMemoryStore(): Store {
  const blobs = new Map<string, Buffer>();
  const logs = new Map<string, LogEntry[]>();
  const news = new EventEmitter().setMaxListeners(0);
  const entriesOf = (log: string) => {
    const entries = logs.get(log) ?? [];
    logs.set(log, entries);
    return entries;
  };
  return {
    artifacts: {
      async put(bytes, { mediaType, name }) {
        const digest = digestOf(bytes);
        blobs.set(digest, Buffer.from(bytes));
        return { digest, mediaType, size: bytes.byteLength, name };
      },
      async get(digest) {
        const bytes = blobs.get(digest);
        if (!bytes) throw new RejectedError('NOT_FOUND', `No artifact ${digest} in the store`);
        return Buffer.from(bytes);
      },
      async open(digest) {
        const bytes = blobs.get(digest);
        return bytes && { size: bytes.length, stream: () => Readable.from([bytes]) };
      },
    },
    logs: {
      async append(log, additions) {
        const entries = entriesOf(log);
        const results = additions.map(({ key, value }) => {
          const known = entries.find((entry) => entry.key === key);
          if (known) return { position: known.position, appended: false };
          entries.push({ position: entries.length + 1, key, value });
          return { position: entries.length, appended: true };
        });
        news.emit(log);
        return results;
      },
      read: async (log, after = 0, limit = Number.MAX_SAFE_INTEGER) => entriesOf(log).slice(after, after + limit),
      find: async (log, key) => entriesOf(log).find((entry) => entry.key === key),
      async *follow(log, after, signal) {
        let position = after;
        while (!signal.aborted) {
          const entry = entriesOf(log)[position];
          if (entry) {
            position++;
            yield entry;
            continue;
          }
          await once(news, log, { signal }).catch(() => undefined);
        }
      },
    },
    [Symbol.asyncDispose]: async () => undefined,
  };
}
