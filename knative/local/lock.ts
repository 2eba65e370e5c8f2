import { randomUUID } from 'node:crypto';
import { link, mkdir, readdir, readFile, rename, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { toError, XorflowError } from '../../events/errors.ts';
import { identityOf, isAlive, processSchema } from './process-identity.ts';

const recordSchema = z.strictObject({
  ...processSchema.shape,
  /** Empty until the platform is up. */
  url: z.string(),
  startedAt: z.string(),
  /** Tells apart two records that are the same otherwise. */
  nonce: z.string(),
});

type LockRecord = z.infer<typeof recordSchema>;

/** The right to be the one platform, or tuner, of a data folder. */
export interface FolderLock {
  /** Says where the platform is, for those who look for it with {@link findPlatform}. */
  announce(url: string): Promise<void>;
  release(): Promise<void>;
}

/** Who can have a data folder to himself, and the file that says so. */
interface Holder {
  readonly what: string;
  readonly file: string;
}

const PLATFORM: Holder = { what: 'platform', file: 'platform.json' };
/** A platform may be shared; two searches at once would take each other's cores. */
export const TUNER: Holder = { what: 'tuner', file: 'tuner.json' };

/**
 * Takes a data folder for a platform (or tuner) of this process; makes the folder if it is not there.
 *
 * @throws XorflowError `STORE_LOCKED` while another one has it, `STORE_UNAVAILABLE` where it cannot be written
 */
export async function lockFolder(data: string, holder = PLATFORM): Promise<FolderLock> {
  const folder = resolve(data);
  const file = join(folder, holder.file);
  const own: LockRecord = {
    ...(await identityOf(process.pid)),
    url: '',
    startedAt: new Date().toISOString(),
    nonce: randomUUID(),
  };
  const draft = join(folder, `${holder.file}.${own.nonce}`);
  try {
    await makeFolder(folder);
    await writeFile(draft, toText(own));
  } catch (cause) {
    throw toFolderError(folder, cause);
  }
  try {
    // A link is there at once and whole, or not at all: nobody ever reads half a record.
    while (!(await linkNew(draft, file, folder))) await removeStale(draft, holder, folder);
  } finally {
    await rm(draft, { force: true });
  }
  return {
    async announce(url) {
      await writeFile(draft, toText({ ...own, url }));
      await rename(draft, file);
    },
    async release() {
      const current = await read(file);
      if (current?.record?.nonce === own.nonce) await unlink(file);
    },
  };
}

/** The platform that runs on a data folder, once it is up. */
export async function findPlatform(data: string): Promise<{ pid: number; url: string } | undefined> {
  const record = (await read(join(resolve(data), PLATFORM.file)))?.record;
  if (record === undefined || record.url === '' || !(await isAlive(record))) return undefined;
  return { pid: record.pid, url: record.url };
}

/** Not the recursive `mkdir` of Node: that one never returns where a folder cannot be made in one that is there (`/proc`). */
export async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const parent = dirname(folder);
    if (code === 'EEXIST' && (await stat(folder)).isDirectory()) return;
    if (code !== 'ENOENT' || (await stat(parent).catch(() => undefined))) throw error;
    await makeFolder(parent);
    await makeFolder(folder);
  }
}

async function linkNew(draft: string, file: string, folder: string): Promise<boolean> {
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw toFolderError(folder, error);
  }
}

/**
 * Removes the record of a platform that is no more. Of those who find it at the same time only one may: a second one would
 * remove the record that the first has put in its place. The right is a file named after the stale record; where its
 * holder died with it, the next number counts.
 */
async function removeStale(draft: string, holder: Holder, folder: string): Promise<void> {
  const file = join(folder, holder.file);
  const stale = await read(file);
  if (stale === undefined) return;
  if (stale.record !== undefined && (await isAlive(stale.record))) {
    const { pid, url } = stale.record;
    const where = url === '' ? '' : ` at ${url}`;
    throw new XorflowError(
      'STORE_LOCKED',
      `The data folder ${folder} is in use by the ${holder.what} of process ${pid}${where}: stop that one, or choose another folder`,
    );
  }
  const rights = `${holder.file}.stale-${stale.record?.nonce ?? 'unreadable'}-`;
  for (let attempt = 0; ; attempt++) {
    const right = join(folder, `${rights}${attempt}`);
    if (await linkNew(draft, right, folder)) break;
    const other = (await read(right))?.record;
    if (other !== undefined && !(await isAlive(other))) continue;
    // Another one is about to remove it, or just did.
    await sleep(2);
    return;
  }
  if ((await read(file))?.text === stale.text) await rm(file, { force: true });
  const names = await readdir(folder);
  await Promise.all(
    names.filter((name) => name.startsWith(rights)).map((name) => rm(join(folder, name), { force: true })),
  );
}

async function read(file: string): Promise<{ text: string; record: LockRecord | undefined } | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch {
    return undefined;
  }
  try {
    return { text, record: recordSchema.parse(JSON.parse(text)) };
  } catch {
    return { text, record: undefined };
  }
}

function toText(record: LockRecord): string {
  return `${JSON.stringify(record, undefined, 2)}\n`;
}

function toFolderError(folder: string, thrown: unknown): XorflowError {
  const cause = toError(thrown);
  return new XorflowError(
    'STORE_UNAVAILABLE',
    `Cannot write to the data folder ${folder}: ${whyUnwritable(cause)}; choose a folder that can be written`,
    { cause },
  );
}

/** Why a folder cannot be made or written, for people. */
export function whyUnwritable(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'EEXIST':
    case 'ENOTDIR':
      return 'a file stands in the way';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'it is read-only';
    case 'ENOENT':
      return 'no folder can be made there';
    case 'ENOSPC':
      return 'the disk is full';
    default:
      return code ?? message;
  }
}
