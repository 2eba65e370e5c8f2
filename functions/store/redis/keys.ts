/** Where things lie in Redis. What belongs together has one hash tag, and so one slot of a cluster. */
export const KEY = {
  /** A stream; the id of an entry is `<position>-0`. */
  entries: (log: string) => `xorflow:{${tag(log)}}:entries`,
  /** A hash: the position of each key of the log. */
  positions: (log: string) => `xorflow:{${tag(log)}}:positions`,
  /** A hash: the bytes in pieces, by number, and their `size`. */
  artifact: (digest: string) => `xorflow:{${digest}}`,
  /** The same, of one that is still being written. */
  half: (digest: string, writer: string) => `xorflow:{${digest}}:half:${writer}`,
  /** A set: the experiments that are not over and name the artifact. */
  users: (digest: string) => `xorflow:{${digest}}:users`,
} as const;

/** The channel on which whoever has appended to a log says its name. */
export const NEWS = 'xorflow:news';

function tag(log: string): string {
  return log.replace(/[{}%]/g, encodeURIComponent);
}
