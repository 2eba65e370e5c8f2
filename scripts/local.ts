import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { XorflowError } from '../events/errors.ts';
import { type Client, makeClient } from '../functions/client/client.ts';
import { findPlatform } from '../knative/local/lock.ts';
import type { PlatformLogEvent } from '../knative/local/platform-log.ts';
import { makeFailover } from './failover.ts';
import { printable } from './table.ts';

const MANIFESTS = fileURLToPath(new URL('../knative/base', import.meta.url));
/** Another process on the same folder needs no longer to come up, or to go. */
const SETTLED_MS = 15_000;
const LOOK_EVERY_MS = 50;
/** On one machine, who does not answer is gone. */
const PATIENCE = { silence: 120_000, away: 500 };

/** The platform of this machine. */
export interface Local extends AsyncDisposable {
  /** Of the gateway: page and API. */
  readonly url: string;
  /** Whether another process runs it; then it stays up when we are done. */
  readonly isForeign: boolean;
}

/** A local platform and the way to talk to it. */
export interface Joined extends Local {
  readonly client: Client;
}

/**
 * Brings the platform up in this process.
 *
 * @param port of the gateway; 0 is any free one
 * @throws XorflowError `PORT_IN_USE`, `STORE_LOCKED`, `STORE_UNAVAILABLE`, `INVALID_MANIFEST`
 */
export async function startLocal({ data, port }: { data: string; port: number }): Promise<Local> {
  const { startPlatform } = await import('../knative/local/platform.ts');
  const platform = await startPlatform({
    manifests: MANIFESTS,
    data,
    ports: { gateway: port },
    env: { LOG_LEVEL: process.env.LOG_LEVEL ?? 'error' },
    log: showLog,
  }).catch((error: unknown) => {
    throw isCode(error, 'PORT_IN_USE') && port !== 0 ? toPortError(port, error) : error;
  });
  return { url: platform.urlOf('gateway'), isForeign: false, [Symbol.asyncDispose]: () => platform.close() };
}

function toPortError(port: number, cause: unknown): XorflowError {
  const isTaken = !(cause instanceof Error && (cause.cause as NodeJS.ErrnoException | undefined)?.code === 'EACCES');
  const why = isTaken ? 'that one is in use' : 'that one is for the administrator only';
  return new XorflowError(
    'PORT_IN_USE',
    `Wrong value ${port} at --port: expected a free port, ${why}; 0 is any free one`,
    {
      cause,
    },
  );
}

/** Of all that the platform tells, what people did not ask for now, and where they want it all of it. */
function showLog(event: PlatformLogEvent): void {
  if (event.name === 'broker:started' && event.resumed > 0) {
    const deliveries = event.resumed === 1 ? 'delivery' : 'deliveries';
    process.stderr.write(`resuming ${event.resumed} ${deliveries} of earlier experiments\n`);
  }
  if (process.env.DEBUG) process.stderr.write(`${printable(JSON.stringify(event))}\n`);
}

/**
 * Joins the platform of a data folder: the one that another process has up, else our own. When the other process ends
 * before we are done, we bring the platform up ourselves: what was under way is in the folder, and goes on.
 */
export async function joinLocal(data: string, start = () => startLocal({ data, port: 0 })): Promise<Joined> {
  const stack = new AsyncDisposableStack();
  let local = stack.use(await findOrStart(data, start));
  const { url, isForeign } = local;
  const next = async (signal: AbortSignal): Promise<Client | undefined> => {
    if (!local.isForeign) return undefined;
    local = stack.use(await findOrStart(data, () => startLocal({ data, port: 0 }), local.url, signal));
    return makeClient(local.url, PATIENCE);
  };
  const client = makeFailover(makeClient(url, isForeign ? PATIENCE : undefined), next);
  return { url, isForeign, client, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}

/** @param gone the URL of one that does not answer any more, though its record may still stand */
async function findOrStart(
  data: string,
  start: () => Promise<Local>,
  gone?: string,
  signal?: AbortSignal,
): Promise<Local> {
  const deadline = performance.now() + SETTLED_MS;
  for (;;) {
    signal?.throwIfAborted();
    const found = await findPlatform(data);
    if (found && found.url !== gone) return { url: found.url, isForeign: true, async [Symbol.asyncDispose]() {} };
    try {
      return await start();
    } catch (error) {
      // It is coming up, and will say where; or it is going.
      if (!isCode(error, 'STORE_LOCKED') || performance.now() > deadline) throw error;
    }
    await sleep(LOOK_EVERY_MS);
  }
}

export function isCode(error: unknown, code: XorflowError['code']): boolean {
  return error instanceof XorflowError && error.code === code;
}
