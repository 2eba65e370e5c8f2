import type { Store } from '../port.ts';
import { openArtifacts } from './artifacts.ts';
import { openConnection } from './connection.ts';
import { openLogs } from './logs.ts';
import { makeRetention } from './retention.ts';
import { parseRedisUrl } from './url.ts';

export interface RedisOptions {
  /** How long an experiment is kept after its end; for ever, unless told otherwise. */
  readonly retentionMs?: number;
  /** The largest artifact, in bytes; 256 MiB, unless told otherwise. */
  readonly maxArtifactBytes?: number;
  /** How long a call may take, in milliseconds. */
  readonly patienceMs?: number;
}

const MAX_ARTIFACT_BYTES = 256 * 2 ** 20;

/**
 * A store in Redis, for functions on many machines. It is open at once, whether or not Redis is there: what is called
 * while it is away fails with `STORE_UNAVAILABLE`, and the connection is built up in the background. What an append
 * promises lasts as Redis is configured: for ever with `appendonly yes`, `appendfsync always` and the eviction policy
 * `noeviction`; under `everysec` the last second may be lost with the machine, and at a failover what the replica has
 * not got yet.
 *
 * @throws TransientError `STORE_UNAVAILABLE` for a URL that is none of Redis
 */
export function openRedis(url: string, options: RedisOptions = {}): Store {
  const connection = openConnection(parseRedisUrl(url), options.patienceMs);
  const { retentionMs, maxArtifactBytes = MAX_ARTIFACT_BYTES } = options;
  const retention = retentionMs === undefined ? undefined : makeRetention(connection, retentionMs);
  return {
    artifacts: openArtifacts(connection, maxArtifactBytes),
    logs: openLogs(connection, retention),
    [Symbol.asyncDispose]: async () => connection.close(),
  };
}
