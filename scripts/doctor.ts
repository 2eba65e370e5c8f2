import { access, constants, rm, statfs, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { toError } from '../events/errors.ts';
import { findPlatform } from '../knative/local/lock.ts';
import { findEngines } from './engines.ts';

/** One thing that the machine has or lacks. */
export interface Finding {
  readonly name: string;
  /** `problem`: nothing runs until it is mended; `note`: it runs, but not as it could. */
  readonly status: 'ok' | 'note' | 'problem';
  readonly detail: string;
  /** What the user can do about it. */
  readonly advice?: string;
}

/** From here on Node strips types without a warning. */
const WANTED = [24, 12] as const;
/** The default experiment takes no more, all its threads together. */
const WANTED_BYTES = 512 * 2 ** 20;
const PORT = 8080;

/** `(func (result v128) (i32.const 0) (i8x16.splat))`: what a runtime without SIMD does not take. */
const SIMD_MODULE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 8, 1, 6, 0, 65, 0, 253, 15, 11],
);

/** Its type belongs to the browser's library, which the project does not compile with. */
const { WebAssembly: webAssembly } = globalThis as unknown as {
  WebAssembly: { validate(module: Uint8Array): boolean };
};

/** Looks at everything that an experiment needs, without changing anything. */
export async function examine(data: string): Promise<Finding[]> {
  const platform = findPlatform(data);
  const parts = [engines(), store(data), up(data, platform), port(platform)];
  return [node(), cpu(), memory(), ...(await Promise.all(parts)).flat()];
}

function node(): Finding {
  const version = process.versions.node;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isWanted = major > WANTED[0] || (major === WANTED[0] && minor >= WANTED[1]);
  const detail = `${version} (${process.execPath})`;
  if (isWanted) return { name: 'Node', status: 'ok', detail };
  return { name: 'Node', status: 'problem', detail, advice: `expected ${WANTED.join('.')} or newer: npm rebuild node` };
}

function cpu(): Finding {
  const cores = availableParallelism();
  const hasSimd = webAssembly.validate(SIMD_MODULE);
  const detail = `${cores} ${cores === 1 ? 'core' : 'cores'}, ${cpus()[0]?.model.trim() ?? process.arch}, WebAssembly ${hasSimd ? 'with' : 'without'} SIMD`;
  if (hasSimd) return { name: 'CPU', status: 'ok', detail };
  return { name: 'CPU', status: 'note', detail, advice: 'engines in WebAssembly need SIMD: use a newer processor' };
}

function memory(): Finding {
  const limit = process.constrainedMemory();
  const total = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  const free = Math.min(process.availableMemory(), freemem());
  const detail = `${toGigabytes(free)} free of ${toGigabytes(total)}`;
  if (free >= WANTED_BYTES) return { name: 'Memory', status: 'ok', detail };
  return {
    name: 'Memory',
    status: 'note',
    detail,
    advice: `the default experiment takes ${toGigabytes(WANTED_BYTES)}`,
  };
}

/** What trains; one engine is enough. */
async function engines(): Promise<Finding[]> {
  const found = await findEngines();
  const isAny = found.some(({ isThere }) => isThere);
  return found.map(({ name, isThere, reason }) => {
    if (!isThere) {
      const advice = 'npm ci installs what package-lock.json names';
      return { name: `Engine ${name}`, status: isAny ? 'note' : 'problem', detail: reason, advice };
    }
    const isReduced = name === 'tensorflow' && reason.includes('WASM');
    const advice = 'optional, pays for several wide layers: npm run setup:tensorflow -- --help';
    return { name: `Engine ${name}`, status: 'ok', detail: reason, ...(isReduced ? { advice } : {}) };
  });
}

async function store(data: string): Promise<Finding> {
  const folder = resolve(data);
  try {
    const existing = await nearest(folder);
    // Not by permissions alone: a disk that is full or read-only has them too.
    const probe = join(existing, `.xorflow-doctor-${process.pid}`);
    await access(existing, constants.W_OK);
    await writeFile(probe, 'x', { flag: 'wx' });
    await rm(probe);
    const { bavail, bsize } = await statfs(existing);
    const state = existing === folder ? '' : ', made when it is needed';
    return { name: 'Store', status: 'ok', detail: `${folder} (${toGigabytes(bavail * bsize)} free${state})` };
  } catch (error) {
    const detail = `${folder} cannot be written: ${toError(error).message}`;
    return { name: 'Store', status: 'problem', detail, advice: 'choose another folder with --store DIR' };
  }
}

/** The folder itself, or the first above it that there is. */
async function nearest(folder: string): Promise<string> {
  const isThere = await access(folder).then(
    () => true,
    () => false,
  );
  return isThere || dirname(folder) === folder ? folder : nearest(dirname(folder));
}

async function up(data: string, platform: ReturnType<typeof findPlatform>): Promise<Finding> {
  const found = await platform;
  if (!found)
    return { name: 'Platform', status: 'ok', detail: `none up on ${data}: run and tune start one for themselves` };
  const detail = `up at ${found.url}/ (process ${found.pid})`;
  const response = await fetch(`${found.url}/readyz`, { signal: AbortSignal.timeout(3_000) }).catch(() => undefined);
  if (response?.ok) return { name: 'Platform', status: 'ok', detail };
  return { name: 'Platform', status: 'note', detail: `${detail}, but not ready`, advice: 'wait, or end that process' };
}

async function port(platform: ReturnType<typeof findPlatform>): Promise<Finding> {
  const error = await new Promise<NodeJS.ErrnoException | undefined>((done) => {
    const server = createServer();
    server.once('error', done);
    server.listen(PORT, '127.0.0.1', () => server.close(() => done(undefined)));
  });
  const name = `Port ${PORT}`;
  if (!error) return { name, status: 'ok', detail: 'free' };
  if (URL.parse((await platform)?.url ?? '')?.port === String(PORT)) {
    return { name, status: 'ok', detail: 'taken by the platform that is up' };
  }
  return { name, status: 'note', detail: error.message, advice: 'npm start takes a free one; xorflow up --port N' };
}

function toGigabytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
