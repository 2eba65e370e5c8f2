import { readdirSync } from 'node:fs';
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { unreachable } from '../functions/client/http.ts';
import { makeFolder, whyUnwritable } from '../knative/local/lock.ts';
import { usageError } from './exit.ts';

export const SUMMARY = 'summary.json';

/** A folder of results in the making; what is not published is gone when it is disposed of. */
export interface ResultsFolder extends AsyncDisposable {
  readonly path: string;
  /** Beside the path: where its files are written. */
  readonly draft: string;
  /** Puts the draft at the path, in the place of earlier results. */
  publish(): Promise<void>;
}

/**
 * Makes room for results, so that a folder which cannot be written is known before there are any.
 *
 * @throws XorflowError `PLATFORM_UNREACHABLE` where nothing can be written
 */
export async function openFolder(folder: string): Promise<ResultsFolder> {
  const path = resolve(folder);
  try {
    return await reserve(path);
  } catch (cause) {
    throw unreachable(`Cannot write the results to ${path}: ${whyUnwritable(cause)}`, { cause });
  }
}

/**
 * The same for `--out`.
 *
 * @throws RejectedError `INVALID_ARGUMENT` for a folder that cannot be written, or that has something else in it, which
 * results would replace
 */
export async function openOut(folder: string): Promise<ResultsFolder> {
  const wrong = `Wrong value ${JSON.stringify(folder)} at --out: expected`;
  const path = resolve(folder);
  if (!isFree(path, wrong)) {
    throw usageError(`${wrong} a new folder, an empty one or earlier results, not one with other files in it`);
  }
  try {
    return await reserve(path);
  } catch (cause) {
    throw usageError(`${wrong} a folder that can be written: ${whyUnwritable(cause)}`, { cause });
  }
}

function isFree(path: string, wrong: string): boolean {
  try {
    const names = readdirSync(path);
    return names.length === 0 || names.includes(SUMMARY);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw usageError(`${wrong} a folder, new or empty: ${whyUnwritable(cause)}`, { cause });
  }
}

async function reserve(path: string): Promise<ResultsFolder> {
  const parent = dirname(path);
  const draft = join(parent, `.${basename(path)}.partial-${process.pid}`);
  await makeFolder(parent);
  await removeAbandoned(parent);
  await mkdir(draft);
  return {
    path,
    draft,
    async publish() {
      if (await isThere(path)) {
        await rename(path, `${draft}-old`);
        await rename(draft, path);
        await rm(`${draft}-old`, { recursive: true });
      } else await rename(draft, path);
    },
    [Symbol.asyncDispose]: () => rm(draft, { recursive: true, force: true }),
  };
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

/** What exports left behind that were killed. */
async function removeAbandoned(parent: string): Promise<void> {
  for (const name of await readdir(parent)) {
    const pid = /^\..+\.partial-(\d+)(?:-old)?$/.exec(name)?.[1];
    if (pid === undefined || isAlive(Number(pid))) continue;
    await rm(join(parent, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
