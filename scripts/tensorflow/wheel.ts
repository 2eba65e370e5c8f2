import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Entry, openPromise } from 'yauzl';
import { toError } from '../../events/errors.ts';
import { usageError } from '../exit.ts';

/** Of the 15000 files of a wheel, what the addon is compiled against and linked with. */
const NEEDED =
  /^tensorflow\/(?:libtensorflow_(?:cc|framework)\.so\.2$|include\/(?:tensorflow\/c|tensorflow\/core\/platform|tsl|xla)\/[^\0]*\.h$)/;

/** `tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl`: distribution, version, build, Python, ABI, platform. */
const NAME = /^tensorflow(?:_cpu)?-([^-]+)-(?:\d[^-]*-)?[^-]+-[^-]+-([^-]+)\.whl$/i;

/** The names that wheels give to processors. */
const MACHINES: Readonly<Record<string, string>> = { x64: 'x86_64', arm64: 'aarch64' };

/**
 * Checks by its name that a wheel's libraries run on this machine; for which Python it is does not matter.
 *
 * @returns the version of TensorFlow
 * @throws RejectedError `INVALID_ARGUMENT`
 */
export function versionOfWheel(file: string, { platform, arch }: { platform: string; arch: string }): string {
  const [, version, tag] = NAME.exec(basename(file)) ?? [];
  const place = `${JSON.stringify(file)} at --wheel`;
  if (version === undefined || tag === undefined) {
    throw usageError(
      `Wrong value ${place}: expected a TensorFlow wheel under its own name, such as tensorflow_cpu-2.21.0-cp311-cp311-manylinux_2_27_x86_64.whl`,
    );
  }
  const machine = MACHINES[arch] ?? arch;
  if (platform === 'linux' && tag.startsWith('manylinux') && tag.endsWith(`_${machine}`)) return version;
  throw usageError(
    `Wrong value ${place}: it is for ${tag}, expected one for manylinux…_${machine}, as this machine is ${platform} on ${arch}`,
  );
}

/**
 * Unpacks from a wheel what the addon needs, 850 MB, straight to disk. A folder of that name is always a whole one:
 * it appears by renaming.
 *
 * @returns the `tensorflow` folder of the wheel; and whether this call has unpacked it
 * @throws RejectedError `INVALID_ARGUMENT` where the file is no such wheel
 */
export async function unpackWheel(file: string, cache: string): Promise<{ folder: string; isNew: boolean }> {
  const { size } = await stat(file).catch((error: unknown) => {
    throw usageError(`No file ${JSON.stringify(file)} at --wheel (${toError(error).message})`, { cause: error });
  });
  const whole = join(cache, `${basename(file, '.whl')}-${size}`);
  const folder = join(whole, 'tensorflow');
  if (existsSync(whole)) return { folder, isNew: false };
  const part = `${whole}.part`;
  await rm(part, { recursive: true, force: true });
  let count = 0;
  try {
    // Names that lead out of the folder are refused by the reader.
    const wheel = await openPromise(file);
    for await (const entry of wheel.eachEntry()) {
      if (!NEEDED.test(entry.fileName)) continue;
      await write(await wheel.openReadStreamPromise(entry), join(part, entry.fileName), entry);
      count++;
    }
  } catch (error) {
    await rm(part, { recursive: true, force: true });
    throw usageError(`Cannot unpack ${JSON.stringify(file)} at --wheel: ${toError(error).message}`, { cause: error });
  }
  if (count === 0)
    throw usageError(`Wrong value ${JSON.stringify(file)} at --wheel: it holds no library of TensorFlow`);
  await rename(part, whole);
  return { folder, isNew: true };
}

async function write(content: NodeJS.ReadableStream, path: string, entry: Entry): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await pipeline(content, createWriteStream(path, { mode: entry.fileName.endsWith('.h') ? 0o644 : 0o755 }));
}
