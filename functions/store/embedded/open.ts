import { resolve } from 'node:path';
import type { Store } from '../port.ts';
import { openArtifacts } from './artifacts.ts';
import { openLogs } from './logs.ts';

interface Shared {
  readonly store: Promise<Omit<Store, typeof Symbol.asyncDispose>>;
  users: number;
  close(): Promise<void>;
}

const open = new Map<string, Shared>();

/**
 * The store of one machine: files for artifacts, LMDB for logs. All functions of one process share one opening of a
 * folder, so that a follower hears at once of what another function appends.
 *
 * @throws TransientError `STORE_UNAVAILABLE` when the folder cannot be created or written
 */
export async function openEmbedded(folder: string): Promise<Store> {
  const path = resolve(folder);
  const mine = open.get(path) ?? share(path);
  mine.users++;
  let released = false;
  const release = async () => {
    if (released) return;
    released = true;
    mine.users--;
    if (mine.users > 0) return;
    open.delete(path);
    await mine.close();
  };
  try {
    return { ...(await mine.store), [Symbol.asyncDispose]: release };
  } catch (error) {
    await release();
    throw error;
  }
}

function share(path: string): Shared {
  const opening = openBoth(path);
  const shared: Shared = {
    users: 0,
    store: opening,
    close: async () => (await opening.catch(() => undefined))?.logs.close(),
  };
  open.set(path, shared);
  return shared;
}

async function openBoth(path: string) {
  const artifacts = await openArtifacts(path);
  return { artifacts, logs: openLogs(path) };
}
