import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';

/** RTLD_NODELETE: Node passes the flag on to dlopen, but has no name for it. */
const NO_DELETE: Readonly<Partial<Record<NodeJS.Platform, number>>> = { linux: 0x1000, darwin: 0x80 };

/**
 * Keeps TensorFlow's native library in memory until the process ends. Node unloads the addon with the worker thread that
 * loaded it, while threads that the library has started go on running its code: the process dies of SIGSEGV.
 *
 * @throws Error where the addon is not installed or does not load
 */
export function keepLoaded(): void {
  const flag = NO_DELETE[process.platform];
  if (flag === undefined) return;
  const manifest = createRequire(import.meta.url).resolve('@tensorflow/tfjs-node/package.json');
  const addon = join(dirname(manifest), 'lib', 'napi-v8', 'tfjs_binding.node');
  process.dlopen({ exports: {} }, addon, constants.dlopen.RTLD_LAZY | flag);
}
