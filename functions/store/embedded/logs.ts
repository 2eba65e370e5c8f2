import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { TransientError, toError } from '../../../events/errors.ts';
import type { LogEntry, Logs } from '../port.ts';
import { openDatabase } from './database.ts';
import { type Append, type Appended, append, nameOf, openTables } from './tables.ts';
import { Writer } from './writer.ts';

/** How often a follower looks for what another process has appended. */
const POLL_MS = 200;
const PAGE = 256;

/** Logs in one LMDB environment, which several processes may share: read here, written in a thread. */
export function openLogs(folder: string): Logs & { close(): Promise<void> } {
  const path = join(folder, 'logs.mdb');
  const { root, tables } = attempt(path, () => {
    const root = openDatabase(path);
    return { root, tables: openTables(root) };
  });
  const writer = new Writer<Append, Appended>({
    file: path,
    root,
    write: append.bind(undefined, tables),
    entry: new URL('./worker.ts', import.meta.url),
  });
  const news = new EventEmitter().setMaxListeners(0);

  const positionOf = (log: string, key: string) => attempt(path, () => tables.positions.get([log, nameOf(key)]));
  const readSync = (log: string, after: number, limit: number): LogEntry[] =>
    attempt(path, () =>
      Array.from(
        tables.entries.getRange({ start: [log, after + 1], end: [log, Number.MAX_SAFE_INTEGER], limit }),
        ({ key, value }) => ({ position: key[1], key: value.key, value: value.value }),
      ),
    );

  return {
    async append(log, entries) {
      // Much of what comes has come before, and then needs no transaction. In one, all are looked up anyway.
      const positions: number[] = [];
      for (const { key } of entries) {
        const position = positionOf(log, key);
        if (position === undefined) break;
        positions.push(position);
      }
      if (positions.length === entries.length) return positions.map((position) => ({ position, appended: false }));
      const results = await writer.write({ log, additions: entries }).catch((error: unknown) => {
        throw unavailable(path, error);
      });
      root.resetReadTxn();
      if (results.some(({ appended }) => appended)) news.emit(log);
      return results;
    },
    read: async (log, after = 0, limit = Number.MAX_SAFE_INTEGER) => readSync(log, after, limit),
    async find(log, key) {
      const position = positionOf(log, key);
      return position === undefined ? undefined : readSync(log, position - 1, 1)[0];
    },
    async *follow(log, after, signal) {
      let position = after;
      let isNews = false;
      let wake: (() => void) | undefined;
      const hear = () => {
        isNews = true;
        wake?.();
      };
      news.on(log, hear);
      signal.addEventListener('abort', hear);
      try {
        while (!signal.aborted) {
          isNews = false;
          const page = readSync(log, position, PAGE);
          for (const entry of page) {
            if (signal.aborted) return;
            position = entry.position;
            yield entry;
          }
          // What has come since the page was read is news, and after a page that is not full there is nothing else.
          if (page.length === PAGE || isNews || signal.aborted) continue;
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, POLL_MS).unref();
            wake = () => {
              clearTimeout(timer);
              resolve();
            };
          });
        }
      } finally {
        news.off(log, hear);
        signal.removeEventListener('abort', hear);
      }
    },
    async close() {
      await writer.close();
      await root.close();
    },
  };
}

function unavailable(path: string, thrown: unknown): TransientError {
  if (thrown instanceof TransientError) return thrown;
  const cause = toError(thrown);
  const full = /MDB_MAP_FULL|No space left|ENOSPC/.test(cause.message);
  return new TransientError(
    'STORE_UNAVAILABLE',
    `Cannot use the store ${path}: ${full ? 'the disk is full' : cause.message}`,
    { cause },
  );
}

function attempt<R>(path: string, work: () => R): R {
  try {
    return work();
  } catch (error) {
    throw unavailable(path, error);
  }
}
