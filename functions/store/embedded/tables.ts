import type { Database, RootDatabase } from 'lmdb';
import type { Logs } from '../port.ts';

/** The tables of the logs: entries by [log, position], positions by [log, name of the key], and each log's last position. */
export interface Tables {
  readonly entries: Database<{ key: string; value: string }, [string, number]>;
  readonly positions: Database<number, [string, string]>;
  readonly heads: Database<number, string>;
}

/** What a log is to hold. */
export interface Append {
  readonly log: string;
  /** The name is what a key is found by: short enough for LMDB. */
  readonly additions: readonly { key: string; name: string; value: string }[];
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
  const appended = additions.map(({ key, name, value }) => {
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
