import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';

const NAME = '@tensorflow/tfjs-node';

/** RTLD_NODELETE: Node passes the flag on to dlopen, but has no name for it. */
const NO_DELETE: Readonly<Partial<Record<NodeJS.Platform, number>>> = { linux: 0x1000, darwin: 0x80 };

const require = createRequire(import.meta.url);

/** Says why TensorFlow's native library is not there; undefined where it is. Loads nothing. */
export function findNative(): string | undefined {
  return existsSync(addonPath() ?? '') ? undefined : `${NAME} is not installed`;
}

/** Loads TensorFlow's native library; says why not where it does not load. */
export async function loadNative(): Promise<string | undefined> {
  // tfjs-node calls what Node 23 removed from its util module.
  const util: Record<string, unknown> = require('node:util');
  util.isNullOrUndefined ??= (value: unknown) => value === null || value === undefined;
  util.isArray ??= Array.isArray;
  try {
    keepLoaded();
    await import(NAME);
    return undefined;
  } catch (error) {
    const isAbsent =
      error instanceof Error && 'code' in error && /^(?:ERR_)?MODULE_NOT_FOUND$/.test(String(error.code));
    return isAbsent ? `${NAME} is not installed` : `${NAME} does not load`;
  }
}

/**
 * Keeps the library in memory until the process ends. Node unloads the addon with the worker thread that loaded it,
 * while threads that the library has started go on running its code: the process dies of SIGSEGV.
 *
 * @throws Error where the addon is not installed or does not load
 */
function keepLoaded(): void {
  const flag = NO_DELETE[process.platform];
  if (flag === undefined) return;
  process.dlopen({ exports: {} }, addonPath() ?? NAME, constants.dlopen.RTLD_LAZY | flag);
}

function addonPath(): string | undefined {
  try {
    return join(dirname(require.resolve(`${NAME}/package.json`)), 'lib', 'napi-v8', 'tfjs_binding.node');
  } catch {
    return undefined;
  }
}
