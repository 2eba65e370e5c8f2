import type { LogEntry, Logs } from '../port.ts';
import type { Connection } from './connection.ts';
import { KEY, NEWS } from './keys.ts';
import { openNews } from './news.ts';
import type { Retention } from './retention.ts';

/** How many entries come in one answer: Redis serves nobody else meanwhile. */
const PAGE = 1_000;
const FOLLOWED_PAGE = 256;

/**
 * Appends the entries whose keys are new, all or none: a script is alone while it runs, and one transaction to the
 * append-only file. The length of the stream is the last position, as nothing is ever taken out of it. Publishing may
 * be forbidden to us, and must not fail what is written: followers look by themselves then.
 */
const APPEND = `
local last = redis.call('XLEN', KEYS[1])
local first = last
local answer = {}
for i = 4, #ARGV, 2 do
  if redis.call('HSETNX', KEYS[2], ARGV[i], last + 1) == 1 then
    last = last + 1
    redis.call('XADD', KEYS[1], last .. '-0', 'key', ARGV[i], 'value', ARGV[i + 1])
    answer[#answer + 1] = last
  else
    answer[#answer + 1] = -redis.call('HGET', KEYS[2], ARGV[i])
  end
end
if tonumber(ARGV[1]) > 0 then
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  redis.call('PEXPIRE', KEYS[2], ARGV[1])
end
if last > first then redis.pcall('PUBLISH', ARGV[2], ARGV[3]) end
answer[#answer + 1] = redis.call('PTTL', KEYS[1])
return answer`;

/** Logs as streams. */
export function openLogs(connection: Connection, retention?: Retention): Logs {
  const news = openNews(connection);

  async function readPage(log: string, after: number, limit: number): Promise<LogEntry[]> {
    const rows = await connection.call('read', (client) =>
      client.xrange(KEY.entries(log), `${after + 1}-0`, '+', 'COUNT', limit),
    );
    return rows.map(([id, [, key = '', , value = '']]) => ({ position: Number.parseInt(id, 10), key, value }));
  }

  const logs: Logs = {
    async append(log, additions) {
      if (additions.length === 0) return [];
      const kept = retention?.of(log, additions);
      await kept?.begin();
      const parts = additions.flatMap(({ key, value }) => [key, value]);
      const answer = (await connection.call('write', (client) =>
        client.eval(APPEND, 2, KEY.entries(log), KEY.positions(log), kept?.expireMs ?? 0, NEWS, log, ...parts),
      )) as number[];
      const isOver = Number(answer.pop()) >= 0;
      if (isOver) await kept?.end(() => logs.read(log));
      return answer.map((position) => ({ position: Math.abs(position), appended: position > 0 }));
    },
    async read(log, after = 0, limit = Number.MAX_SAFE_INTEGER) {
      const entries: LogEntry[] = [];
      while (entries.length < limit) {
        const wanted = Math.min(PAGE, limit - entries.length);
        const page = await readPage(log, entries.at(-1)?.position ?? after, wanted);
        entries.push(...page);
        if (page.length < wanted) break;
      }
      return entries;
    },
    async find(log, key) {
      const position = await connection.call('read', (client) => client.hget(KEY.positions(log), key));
      return position === null ? undefined : (await readPage(log, Number(position) - 1, 1))[0];
    },
    async *follow(log, after, signal) {
      let position = after;
      let hasRead = false;
      while (!signal.aborted) {
        // Listening begins before the reading, so that nothing falls between the two.
        using next = news.listen(log, signal);
        const page = await Promise.race([readPage(log, position, FOLLOWED_PAGE), next.stopped]).catch((error) => {
          // Who follows already outlasts a Redis that is away; who begins is told.
          if (!hasRead) throw error;
          return [];
        });
        hasRead = true;
        for (const entry of page ?? []) {
          if (signal.aborted) return;
          position = entry.position;
          yield entry;
        }
        if (page?.length === 0) await next.heard;
      }
    },
  };
  return logs;
}
