import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RejectedError } from '../events/errors.ts';
import type { ExperimentState } from '../events/state.ts';
import { type Records, type Summary, stateOf, toLogged } from '../functions/client/logged.ts';
import { LOG, type Store } from '../functions/store/port.ts';

/** Where the platform whose data live in `data` keeps its store. */
export function storeFolder(data: string): string {
  return join(data, 'store');
}

/** Reads the store in a data folder, whether or not a platform is up on it. */
export async function openRecords(data: string): Promise<Records> {
  const folder = storeFolder(data);
  if (!existsSync(folder)) return recordsOf(undefined, data);
  const { openStore } = await import('../functions/store/open.ts');
  return recordsOf(await openStore(`embedded:${folder}`), data);
}

function recordsOf(store: Store | undefined, data: string): Records {
  const known = async (id: string): Promise<Store> => {
    const entries = await store?.logs.read(LOG.events(id), 0, 1);
    if (store && entries && entries.length > 0) return store;
    throw new RejectedError(
      'NOT_FOUND',
      `No experiment ${JSON.stringify(id.slice(0, 80))} in ${data}: "xorflow list" shows those that are there`,
    );
  };
  const readAll = async (from: Store, id: string) =>
    (await from.logs.read(LOG.events(id))).map(({ position, value }) => toLogged(position, value));

  return {
    async list() {
      if (!store) return [];
      const entries = await store.logs.read(LOG.experiments);
      return Promise.all(
        entries.reverse().map(async ({ key, value }) => toSummary(stateOf(key, await readAll(store, key)), value)),
      );
    },
    async events(id) {
      return readAll(await known(id), id);
    },
    async *follow(id, after, signal) {
      const from = await known(id);
      for await (const { position, value } of from.logs.follow(LOG.events(id), after, signal)) {
        yield toLogged(position, value);
      }
      signal.throwIfAborted();
    },
    async artifact(digest) {
      if (!store) throw new RejectedError('NOT_FOUND', `No artifact ${digest} in ${data}`);
      return store.artifacts.get(digest);
    },
    [Symbol.asyncDispose]: async () => store?.[Symbol.asyncDispose](),
  };
}

/** @param entry of the list of experiments: a request that is no valid spec has a name and a time all the same */
function toSummary(state: ExperimentState, entry: string): Summary {
  const { id, name, status, requestedAt, endedAt, durationMs } = state;
  const listed = JSON.parse(entry) as { readonly name: string; readonly time: string };
  const times = { requestedAt: requestedAt ?? listed.time, endedAt, durationMs };
  const given = Object.entries(times).filter(([, value]) => value !== undefined);
  return { id, name: name === id ? listed.name : name, status, ...Object.fromEntries(given) };
}
