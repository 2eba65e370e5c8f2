import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const SOURCES = join(import.meta.dirname, 'kernel');

/** No relaxed SIMD: its results differ from processor to processor. */
const OPTIONS = [
  ...['-O3', '--noAssert', '--runtime', 'stub', '--use', 'abort='],
  ...['--enable', 'simd', '--enable', 'threads'],
  ...['--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', '65536'],
];

const MODULES = join(import.meta.dirname, '..', '..', '..', '..', 'node_modules');

/**
 * The kernel as a WebAssembly module. It is compiled from its sources where that has not been done yet; the result is
 * kept under a name made of all that it depends on. Where the compiler is left out, as in an image, any version's will do.
 *
 * @param cache the folder where it is kept: `node_modules/.cache/xorflow` unless told otherwise
 * @throws Error where it is not kept and there is no compiler
 */
export async function loadKernel(cache = join(MODULES, '.cache', 'xorflow')): Promise<Uint8Array<ArrayBuffer>> {
  const version = compilerVersion();
  const prefix = `${keyOfSources()}-`;
  const name = version === undefined ? keptOf(prefix, cache) : `${prefix}${version}.wasm`;
  const path = join(cache, name);
  try {
    return new Uint8Array(await readFile(path));
  } catch {
    const module = await compile();
    // Without a cache that can be written to, the next start compiles again.
    await keep(path, module).catch(() => undefined);
    return module;
  }
}

function compilerVersion(): string | undefined {
  try {
    return (createRequire(import.meta.url)('assemblyscript/package.json') as { version: string }).version;
  } catch {
    return undefined;
  }
}

function keptOf(prefix: string, cache: string): string {
  const kept = existsSync(cache) ? readdirSync(cache).find((name) => name.startsWith(prefix)) : undefined;
  if (kept !== undefined) return kept;
  throw new Error(
    `No kernel of these sources in ${cache}, and no package assemblyscript to compile it: expected one of the two`,
  );
}

function sources(): string[] {
  return readdirSync(SOURCES)
    .filter((name) => name.endsWith('.ts'))
    .sort();
}

function keyOfSources(): string {
  const hash = createHash('sha256').update(`${OPTIONS.join(' ')}\n`);
  for (const name of sources()) hash.update(`${name}\n`).update(readFileSync(join(SOURCES, name)));
  return hash.digest('hex');
}

async function compile(): Promise<Uint8Array<ArrayBuffer>> {
  // Loaded here alone: the compiler is larger than all the rest.
  const { default: asc } = await import('assemblyscript/asc');
  let module: Uint8Array<ArrayBuffer> | undefined;
  const { error, stderr } = await asc.main(['index.ts', '--outFile', 'kernel.wasm', ...OPTIONS], {
    readFile: (name) => {
      try {
        return readFileSync(join(SOURCES, name), 'utf8');
      } catch {
        return null;
      }
    },
    writeFile: (_, contents) => {
      if (typeof contents !== 'string') module = new Uint8Array(contents);
    },
    listFiles: () => [],
  });
  if (error || !module) throw new Error(`The kernel does not compile: ${stderr}`, { cause: error });
  return module;
}

/** Complete or not at all, as several threads and processes may be at it. */
async function keep(path: string, module: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.${crypto.randomUUID()}`;
  try {
    await writeFile(temporary, module);
    await rename(temporary, path);
  } finally {
    await rm(temporary, { force: true });
  }
}

if (import.meta.main) await loadKernel();
