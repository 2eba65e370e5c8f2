import type { Database, RootDatabase } from 'lmdb';
import { derive } from '../../../events/ids.ts';
import type { Logs } from '../port.ts';

/** LMDB's keys end at 1978 bytes; a log's name and position come on top. */
const MAX_KEY = 512;

/** The tables of the logs: entries by [log, position], positions by [log, name of the key], and each log's last position. */
export interface Tables {
  readonly entries: Database<{ key: string; value: string }, [string, number]>;
  readonly positions: Database<number, [string, string]>;
  readonly heads: Database<number, string>;
}

/** What a log is to hold. */
export interface Append {
  readonly log: string;
  readonly additions: readonly { key: string; value: string }[];
}

/** What became of each addition. */
export type Appended = Awaited<ReturnType<Logs['append']>>;

/** Opens the tables, made where there are none. */
export function openTables(root: RootDatabase): Tables {
  return {
    entries: root.openDB({ name: 'entries' }),
    positions: root.openDB({ name: 'positions' }),
    heads: root.openDB({ name: 'heads' }),
  };
}

/** Appends what a log does not hold yet; to be called in a transaction, as other processes append too. */
export function append({ entries, positions, heads }: Tables, { log, additions }: Append): Appended {
  const before = heads.get(log) ?? 0;
  let head = before;
  const appended = additions.map(({ key, value }) => {
    const name = nameOf(key);
    const known = positions.get([log, name]);
    if (known !== undefined) return { position: known, appended: false };
    head++;
    entries.putSync([log, head], { key, value });
    positions.putSync([log, name], head);
    return { position: head, appended: true };
  });
  if (head > before) heads.putSync(log, head);
  return appended;
}

/** What a key is found by: short enough for LMDB. */
export function nameOf(key: string): string {
  return Buffer.byteLength(key) <= MAX_KEY ? key : derive(key);
}
