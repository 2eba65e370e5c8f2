import { definitionOf } from '../../../events/registry.ts';
import { LOG, type LogEntry } from '../port.ts';
import type { Connection } from './connection.ts';
import { KEY } from './keys.ts';

/** What an append means for how long things are kept. */
export interface Kept {
  /** How long the log is kept after this append; absent where it goes on. */
  readonly expireMs?: number;
  /** Before the append: nothing that the entries name may expire from now on. */
  begin(): Promise<void>;
  /** After an append to an experiment that is over: lets go of what it has. */
  end(all: () => Promise<LogEntry[]>): Promise<void>;
}

export interface Retention {
  /** Undefined for logs that no experiment's end touches. */
  of(log: string, entries: readonly { key: string; value: string }[]): Kept | undefined;
}

const USE = `
redis.call('SADD', KEYS[2], ARGV[1])
redis.call('PERSIST', KEYS[1])`;

const LET_GO = `
redis.call('SREM', KEYS[2], ARGV[1])
if redis.call('EXISTS', KEYS[2]) == 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end`;

/**
 * Lets experiments expire a while after their end: their two logs, and the artifacts that no experiment needs that goes on.
 *
 * An artifact knows the experiments that name it and are not over; the last of them to end sets its time, and each that
 * names it anew (or puts it again) takes the time off. An experiment is entered with an artifact before the event that
 * names it is in the log, and the log's own time is set in the same step as its last event; so whoever ends it finds all
 * that was entered before, and whoever comes later sees by the log's time that it is over. A crash between any two
 * steps is mended by the redelivery, as every step is taken again then. Between putting an artifact and the event that
 * names it, it may lose the time off again, by the end of another experiment: so the time has to be longer than an
 * event may be on its way.
 */
export function makeRetention(connection: Connection, expireMs: number): Retention {
  const forEach = (digests: readonly string[], script: string, experiment: string) =>
    connection.call('write', (client) =>
      Promise.all(
        digests.map((digest) => client.eval(script, 2, KEY.artifact(digest), KEY.users(digest), experiment, expireMs)),
      ),
    );
  const prefix = LOG.events('');
  return {
    of(log, entries) {
      if (!log.startsWith(prefix)) return undefined;
      const experiment = log.slice(prefix.length);
      const named = digestsIn(entries);
      const isEnd = entries.some(({ value }) => isTerminal(value));
      return {
        ...(isEnd && { expireMs }),
        begin: async () => void (await forEach(named, USE, experiment)),
        async end(all) {
          await forEach(isEnd ? digestsIn(await all()) : named, LET_GO, experiment);
          const lines = LOG.lines(experiment);
          await connection.call('write', (client) =>
            Promise.all([client.pexpire(KEY.entries(lines), expireMs), client.pexpire(KEY.positions(lines), expireMs)]),
          );
        },
      };
    },
  };
}

function digestsIn(entries: readonly { value: string }[]): string[] {
  return [...new Set(entries.flatMap(({ value }) => value.match(/sha256:[0-9a-f]{64}/g) ?? []))];
}

/** Logs hold whatever came in. */
function isTerminal(value: string): boolean {
  try {
    const { type } = JSON.parse(value) as { type: string };
    return type.startsWith('experiment.') && definitionOf(type)?.terminal === true;
  } catch {
    return false;
  }
}
