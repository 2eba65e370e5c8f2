import { EventEmitter, once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, Redis } from 'ioredis';
import { TransientError, toError } from '../../../events/errors.ts';
import type { RedisTarget } from './url.ts';

export type Client = Redis | Cluster;

/** A Redis that comes and goes. */
export interface Connection {
  /** Its URL without secrets. */
  readonly name: string;
  /**
   * Does something with Redis, waiting a while for one that is away.
   *
   * @param what for the message: `read`, `write` …
   * @param work commands alone, and such as may be sent twice: the connection may break before their answer comes
   * @throws TransientError `STORE_UNAVAILABLE` with the reason, in bounded time
   */
  call<R>(what: string, work: (client: Client) => Promise<R>): Promise<R>;
  /** Another connection to the same Redis, for what must not stand in the way of commands. */
  another(): Client;
  close(): void;
}

/** How long one command may take, together with waiting for the connection. */
const PATIENCE_MS = 5_000;
const LONGEST_PAUSE_MS = 2_000;

/** Opens a connection that is built up, and built up again, in the background. */
export function openConnection(target: RedisTarget, patienceMs = PATIENCE_MS): Connection {
  const opened: Client[] = [];
  let isClosed = false;
  const open = () => {
    const client = makeClient(target, patienceMs);
    // Without a listener ioredis prints errors on stderr.
    client.on('error', () => undefined);
    opened.push(client);
    if (isClosed) client.disconnect();
    return client;
  };
  const client = open();
  const presence = watch(client, patienceMs);

  return {
    name: target.name,
    async call(what, work) {
      const over = new AbortController();
      try {
        const late = sleep(patienceMs, undefined, { signal: over.signal }).then(() => {
          throw new Error(`no answer within ${patienceMs / 1000} s`);
        });
        return await Promise.race([presence.untilReady(over.signal).then(() => work(client)), late]);
      } catch (error) {
        // Our own fault, whatever Redis is doing.
        if (error instanceof TypeError || error instanceof RangeError) throw error;
        throw unavailable(target, what, presence.reason() ?? error);
      } finally {
        over.abort();
      }
    },
    another: open,
    close() {
      isClosed = true;
      for (const one of opened) one.disconnect();
    },
  };
}

/** Knows whether a client is connected, since when it is not, and why. */
function watch(client: Client, patienceMs: number) {
  let awaySince: number | undefined = performance.now();
  let lastError: Error | undefined;
  let misplaced: Error | undefined;
  // Not the client itself: its errors would end a wait that the next attempt may fulfil.
  const comings = new EventEmitter().setMaxListeners(0);
  client.on('error', (error: Error) => {
    lastError = (error as { lastNodeError?: Error }).lastNodeError ?? error;
    // ioredis would go on in database 0.
    if (error.message.includes('DB index')) misplaced = error;
  });
  client.on('connect', () => {
    misplaced = undefined;
  });
  client.on('ready', () => {
    awaySince = undefined;
    lastError = undefined;
    comings.emit('ready');
  });
  client.on('close', () => {
    // Each attempt that fails closes too.
    awaySince ??= performance.now();
  });
  const isReady = () => client.status === 'ready' && !misplaced;
  return {
    /** Why it is away, where it is and that is known. */
    reason: () => misplaced ?? (awaySince === undefined ? undefined : lastError),
    async untilReady(signal: AbortSignal): Promise<void> {
      if (isReady()) return;
      // Who has been away for long is not waited for: callers have their answer at once then.
      const left = Math.round((awaySince ?? performance.now()) + patienceMs - performance.now());
      const patience = AbortSignal.timeout(client.status === 'end' ? 0 : Math.max(0, left));
      await once(comings, 'ready', { signal: AbortSignal.any([signal, patience]) }).catch(() => undefined);
      if (isReady()) return;
      throw new Error(client.status === 'connect' ? 'it is loading its data' : 'it does not answer');
    },
  };
}

function makeClient({ kind, nodes, tls, master, db, ...access }: RedisTarget, patienceMs: number): Client {
  const { username, password, sentinelPassword } = access;
  const pause = (times: number) =>
    Math.min(50 * 2 ** Math.min(times, 10), LONGEST_PAUSE_MS) * (0.75 + Math.random() / 4);
  const common = {
    db,
    connectionName: 'xorflow',
    connectTimeout: patienceMs,
    // A server that is gone without a word, as when its machine is, must not look alive for the quarter of an hour that TCP takes.
    socketTimeout: patienceMs,
    // What was sent before the connection broke is sent again after it, however long its caller has waited: all may be.
    maxRetriesPerRequest: null,
    // A master that has become a replica: the next connection finds the new master.
    reconnectOnError: (error: Error) => /^(READONLY|MASTERDOWN)/.test(error.message),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: {} }),
  };
  if (kind === 'cluster') {
    return new Cluster([...nodes], {
      redisOptions: common,
      clusterRetryStrategy: pause,
      // With TLS a node's name must stay what its certificate says.
      ...(tls && { dnsLookup: (address, done) => done(null, address) }),
    });
  }
  if (kind === 'sentinel') {
    return new Redis({
      ...common,
      sentinels: [...nodes],
      name: master ?? '',
      sentinelRetryStrategy: pause,
      retryStrategy: pause,
      ...(sentinelPassword !== undefined && { sentinelPassword }),
      ...(tls && { enableTLSForSentinelMode: true, sentinelTLS: {} }),
    });
  }
  return new Redis({ ...common, ...nodes[0], retryStrategy: pause });
}

function unavailable({ kind, name }: RedisTarget, what: string, thrown: unknown): Error {
  const error = toError(thrown);
  const isMoved = kind !== 'cluster' && error.message.startsWith('MOVED');
  const reason = isMoved ? 'it is a cluster, expected redis+cluster:// in XORFLOW_STORE' : error.message;
  // No cause: errors of ioredis carry the command with all its arguments, a password among them.
  return new TransientError('STORE_UNAVAILABLE', `Cannot ${what} the store ${name}: ${reason}`);
}
