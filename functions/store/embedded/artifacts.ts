import { randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RejectedError, TransientError } from '../../../events/errors.ts';
import { assertDigest, digestCalmly } from '../digest.ts';
import type { Artifacts } from '../port.ts';

/** Artifacts as files named by their digest under `<folder>/artifacts/sha256`. */
export async function openArtifacts(folder: string): Promise<Artifacts> {
  const root = join(folder, 'artifacts', 'sha256');
  const temporary = join(folder, 'artifacts', 'tmp');
  await attempt(folder, 'open', async () => {
    await makeFolder(root);
    await makeFolder(temporary);
    await removeAbandoned(temporary);
  });

  const pathOf = (digest: string): string => {
    assertDigest(digest);
    const hex = digest.slice('sha256:'.length);
    return join(root, hex.slice(0, 2), hex);
  };
  const sizeOf = (digest: string): Promise<number | undefined> =>
    absentAsUndefined(async () => (await stat(pathOf(digest))).size);

  return {
    async put(bytes, { mediaType, name }) {
      const digest = await digestCalmly(bytes);
      const path = pathOf(digest);
      await attempt(folder, 'write', async () => {
        if ((await sizeOf(digest)) === bytes.byteLength) return;
        const half = join(temporary, `${process.pid}-${randomUUID()}`);
        try {
          const file = await open(half, 'wx');
          try {
            await file.writeFile(bytes);
            await file.datasync();
          } finally {
            await file.close();
          }
          await makeFolder(dirname(path));
          await rename(half, path);
        } catch (error) {
          await rm(half, { force: true });
          throw error;
        }
      });
      return { digest, mediaType, size: bytes.byteLength, name };
    },
    async get(digest) {
      const bytes = await attempt(folder, 'read', () => absentAsUndefined(() => readFile(pathOf(digest))));
      if (!bytes) throw new RejectedError('NOT_FOUND', `No artifact ${digest} in the store`);
      if ((await digestCalmly(bytes)) !== digest) {
        throw new RejectedError(
          'CORRUPT_ARTIFACT',
          `The bytes of artifact ${digest} do not match it: the file has been changed or damaged`,
        );
      }
      return bytes;
    },
    async open(digest) {
      const size = await attempt(folder, 'read', () => sizeOf(digest));
      return size === undefined ? undefined : { size, stream: () => createReadStream(pathOf(digest)) };
    },
  };
}

/** Like `mkdir -p`; Node's own recursive mode never returns where a file system answers ENOENT for good, as /proc does. */
async function makeFolder(path: string, retry = true): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT' || !retry || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await makeFolder(path, false);
  }
}

/** Files that a killed process was writing; those of a living one stay. */
async function removeAbandoned(temporary: string): Promise<void> {
  for (const name of await readdir(temporary)) {
    if (!isAlive(Number(name.split('-')[0]))) await rm(join(temporary, name), { force: true });
  }
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return true;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function absentAsUndefined<R>(work: () => Promise<R>): Promise<R | undefined> {
  try {
    return await work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'the disk is full',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'it is read-only',
  ENOTDIR: 'a file stands in the way',
  EEXIST: 'a file stands in the way',
};

/** Turns what the operating system says into the sentence of a store that is away. */
async function attempt<R>(folder: string, what: string, work: () => Promise<R>): Promise<R> {
  try {
    return await work();
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === undefined) throw cause;
    throw new TransientError('STORE_UNAVAILABLE', `Cannot ${what} the store ${folder}: ${REASONS[code] ?? message}`, {
      cause,
    });
  }
}
