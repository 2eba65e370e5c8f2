import { existsSync } from 'node:fs';
import { lstat, mkdir, readlink, rm, symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { usageError } from '../exit.ts';

/** TensorFlow's shared libraries and C headers, wherever they came from. */
export interface Libraries {
  readonly include: string;
  /** The library that has the C API. */
  readonly tensorflow: string;
  readonly framework: string;
}

/**
 * Finds them in an unpacked release of the C library (`include/`, `lib/`) or in a Python package (`site-packages/tensorflow`).
 *
 * @throws RejectedError `INVALID_ARGUMENT` naming what is not there
 */
export function findLibraries(folder: string): Libraries {
  const find = (what: string, candidates: readonly string[]) => {
    const found = candidates.map((name) => join(resolve(folder), name)).find(existsSync);
    if (found !== undefined) return found;
    throw usageError(`No ${what} in ${JSON.stringify(folder)}: expected ${candidates.join(' or ')}`);
  };
  const header = find('C header of TensorFlow', ['include/tensorflow/c/c_api.h']);
  return {
    include: dirname(dirname(dirname(header))),
    tensorflow: find('library of TensorFlow', ['lib/libtensorflow.so.2', 'libtensorflow_cc.so.2']),
    framework: find('framework library of TensorFlow', [
      'lib/libtensorflow_framework.so.2',
      'libtensorflow_framework.so.2',
    ]),
  };
}

/**
 * Puts links to them where the addon looks for them when it is linked and when it is loaded.
 *
 * @param addon the folder of `@tensorflow/tfjs-node`
 * @returns whether anything was not so before
 */
export async function linkLibraries({ include, tensorflow, framework }: Libraries, addon: string): Promise<boolean> {
  const deps = join(addon, 'deps');
  const links: Readonly<Record<string, string>> = {
    include,
    'lib/libtensorflow.so': tensorflow,
    'lib/libtensorflow.so.2': tensorflow,
    // By this name the one of a wheel asks for itself.
    'lib/libtensorflow_cc.so.2': tensorflow,
    'lib/libtensorflow_framework.so': framework,
    'lib/libtensorflow_framework.so.2': framework,
  };
  let isChanged = false;
  await mkdir(join(deps, 'lib'), { recursive: true });
  for (const [name, target] of Object.entries(links)) {
    const path = join(deps, name);
    const current = await lstat(path).catch(() => undefined);
    if (current?.isSymbolicLink() && (await readlink(path)) === target) continue;
    await rm(path, { recursive: true, force: true });
    await symlink(target, path);
    isChanged = true;
  }
  return isChanged;
}
