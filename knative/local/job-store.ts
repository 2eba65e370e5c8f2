import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { XorflowError } from '../../events/errors.ts';
import type { JobEnd } from './job.ts';

const endSchema = z.strictObject({
  type: z.enum(['Complete', 'Failed']),
  reason: z.string(),
  message: z.string(),
});

/** The Jobs of one JobSink on disk: a folder for each, with its event and, once it is over, what it came to. */
export interface JobStore {
  folderOf(id: string): string;
  /** Whether there was none of this id; on disk when it resolves. */
  add(id: string, event: Buffer): Promise<boolean>;
  has(id: string): Promise<boolean>;
  end(id: string, end: JobEnd): Promise<void>;
  /** Undefined while it is not over. */
  endOf(id: string): Promise<JobEnd | undefined>;
  /** The ids of those that are not over, in no order. */
  unfinished(): Promise<string[]>;
}

/** @throws XorflowError `STORE_UNAVAILABLE` where the folder cannot be made */
export async function openJobStore(folder: string): Promise<JobStore> {
  try {
    await mkdir(folder, { recursive: true });
    // What a killed process was writing.
    for (const name of await readdir(folder))
      if (name.startsWith('.')) await rm(join(folder, name), { recursive: true });
  } catch (cause) {
    throw new XorflowError('STORE_UNAVAILABLE', `Cannot open the Jobs in ${folder}: ${(cause as Error).message}`, {
      cause,
    });
  }
  const folderOf = (id: string) => join(folder, id);
  const endFile = (id: string) => join(folderOf(id), 'end.json');
  const has = async (id: string) => (await readOrNothing(join(folderOf(id), 'event'))) !== undefined;
  const endOf = async (id: string) => {
    const text = await readOrNothing(endFile(id));
    return text === undefined ? undefined : endSchema.parse(JSON.parse(text.toString()));
  };
  return {
    folderOf,
    has,
    endOf,
    async add(id, event) {
      if (await has(id)) return false;
      const draft = join(folder, `.${randomUUID()}`);
      await mkdir(draft);
      await writeDurably(join(draft, 'event'), event);
      try {
        await rename(draft, folderOf(id));
        return true;
      } catch (error) {
        await rm(draft, { recursive: true });
        // Its twin was quicker.
        if (await has(id)) return false;
        throw error;
      }
    },
    async end(id, end) {
      const draft = `${endFile(id)}.${randomUUID()}`;
      await writeDurably(draft, Buffer.from(JSON.stringify(end)));
      await rename(draft, endFile(id));
    },
    async unfinished() {
      const ids = await readdir(folder);
      const ends = await Promise.all(ids.map(endOf));
      return ids.filter((_, index) => ends[index] === undefined);
    },
  };
}

async function writeDurably(path: string, bytes: Buffer): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.datasync();
  } finally {
    await file.close();
  }
}

async function readOrNothing(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
