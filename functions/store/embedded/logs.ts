import { EventEmitter, once } from 'node:events';
import { join } from 'node:path';
import { TransientError, toError } from '../../../events/errors.ts';
import { derive } from '../../../events/ids.ts';
import type { LogEntry, Logs } from '../port.ts';
import { openDatabase } from './database.ts';

/** LMDB's keys end at 1978 bytes; a log's name and position come on top. */
const MAX_KEY = 512;
/** How often a follower looks for what another process has appended. */
const POLL_MS = 200;
const PAGE = 256;

/** Logs in one LMDB environment: entries by [log, position], positions by [log, key]. Several processes may share it. */
export function openLogs(folder: string): Logs & { close(): Promise<void> } {
  const path = join(folder, 'logs.mdb');
  const root = attempt(path, () => openDatabase(path));
  const entries = root.openDB<{ key: string; value: string }, [string, number]>({ name: 'entries' });
  const positions = root.openDB<number, [string, string]>({ name: 'positions' });
  const heads = root.openDB<number, string>({ name: 'heads' });
  const news = new EventEmitter().setMaxListeners(0);

  const commit = makeCommits(path, (write) => root.transactionSync(write));
  const stored = (key: string) => (Buffer.byteLength(key) <= MAX_KEY ? key : derive(key));
  const readSync = (log: string, after: number, limit: number): LogEntry[] =>
    attempt(path, () =>
      Array.from(
        entries.getRange({ start: [log, after + 1], end: [log, Number.MAX_SAFE_INTEGER], limit }),
        ({ key, value }) => ({ position: key[1], key: value.key, value: value.value }),
      ),
    );

  return {
    async append(log, additions) {
      const results = await commit(() => {
        let head = heads.get(log) ?? 0;
        const done = additions.map(({ key, value }) => {
          const known = positions.get([log, stored(key)]);
          if (known !== undefined) return { position: known, appended: false };
          head++;
          entries.putSync([log, head], { key, value });
          positions.putSync([log, stored(key)], head);
          return { position: head, appended: true };
        });
        heads.putSync(log, head);
        return done;
      });
      if (results.some(({ appended }) => appended)) news.emit(log);
      return results;
    },
    read: async (log, after = 0, limit = Number.MAX_SAFE_INTEGER) => readSync(log, after, limit),
    async find(log, key) {
      const position = attempt(path, () => positions.get([log, stored(key)]));
      return position === undefined ? undefined : readSync(log, position - 1, 1)[0];
    },
    async *follow(log, after, signal) {
      let position = after;
      while (!signal.aborted) {
        // Listening begins before the reading, so that nothing falls between the two.
        const wait = new AbortController();
        const heard = once(news, log, {
          signal: AbortSignal.any([signal, wait.signal, AbortSignal.timeout(POLL_MS)]),
        }).catch(() => undefined);
        try {
          const page = readSync(log, position, PAGE);
          for (const entry of page) {
            if (signal.aborted) return;
            position = entry.position;
            yield entry;
          }
          if (page.length === 0) await heard;
        } finally {
          wait.abort();
        }
      }
    },
    async close() {
      await root.close();
    },
  };
}

function unavailable(path: string, thrown: unknown): TransientError {
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

/** Commits of one turn of the event loop share one transaction, and so one flush of the disk. */
function makeCommits(path: string, transaction: (write: () => void) => void) {
  let waiting: { work: () => void; settle: (error?: TransientError) => void }[] = [];
  const flush = () => {
    const group = waiting;
    waiting = [];
    try {
      transaction(() => {
        for (const { work } of group) work();
      });
    } catch (error) {
      for (const { settle } of group) settle(unavailable(path, error));
      return;
    }
    for (const { settle } of group) settle();
  };
  return <R>(write: () => R): Promise<R> =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) setImmediate(flush);
      let result: R;
      waiting.push({
        work: () => {
          result = write();
        },
        settle: (error) => (error ? reject(error) : resolve(result)),
      });
    });
}
