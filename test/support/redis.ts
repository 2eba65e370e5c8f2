import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** A real Redis on a port of loopback, in a folder of its own. */
export interface TestRedis extends AsyncDisposable {
  readonly port: number;
  /** `redis://127.0.0.1:<port>`. */
  readonly url: string;
  readonly folder: string;
  readonly pid: number;
  /** Ends it as `kill -9` or `kill` does. */
  kill(signal?: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  /** Starts it again on the same port, with what is on its disk. */
  start(): Promise<void>;
}

/** Everything that is acknowledged is on the disk. */
export const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always'] as const;

let whyNot: string | false | undefined;

/**
 * Why tests that need a `redis-server` are skipped; false where there is one. As root on Debian it is installed; where that
 * is not possible it says so on stderr, and fails under CI.
 */
export function skipWithoutRedis(): string | false {
  whyNot ??= hasServer() || install() ? false : 'no redis-server on this machine';
  if (whyNot) {
    if (process.env.CI === 'true') throw new Error(`${whyNot}: install the package redis-server`);
    process.stderr.write(`SKIPPED: ${whyNot}; the Redis store is not tested (apt-get install redis-server)\n`);
  }
  return whyNot;
}

/** Starts a `redis-server`; `args` are more of its options, a configuration file first. */
export async function startRedis(args: readonly string[] = []): Promise<TestRedis> {
  const folder = await mkdtemp(join(tmpdir(), 'xorflow-redis-'));
  const port = await freePort();
  let child: ChildProcess | undefined;
  const endWithUs = () => child?.kill('SIGKILL');
  process.on('exit', endWithUs);
  const start = async () => {
    child = await launch([...args, '--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', '']);
  };
  const kill = async (signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL') => {
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  };
  await start();
  return {
    port,
    url: `redis://127.0.0.1:${port}`,
    folder,
    get pid() {
      return child?.pid ?? 0;
    },
    kill,
    start,
    async [Symbol.asyncDispose]() {
      await kill();
      process.off('exit', endWithUs);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function launch(args: readonly string[]): Promise<ChildProcess> {
  const child = spawn('redis-server', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines: string[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (!/Ready to accept connections|Sentinel ID is/.test(line)) continue;
    child.stdout.resume();
    return child;
  }
  throw new Error(`redis-server ended before it was ready:\n${lines.join('\n')}`);
}

function hasServer(): boolean {
  return spawnSync('redis-server', ['--version'], { stdio: 'ignore' }).status === 0;
}

function install(): boolean {
  if (process.getuid?.() !== 0 || !aptGet(['--version'])) return false;
  process.stderr.write('Installing the package redis-server …\n');
  if (!aptGet(['update']) || !aptGet(['install', '-y', 'redis-server'])) return hasServer();
  spawnSync('service', ['redis-server', 'stop'], { stdio: 'ignore' });
  return hasServer();
}

function aptGet(args: readonly string[]): boolean {
  // RUNLEVEL=1 keeps the package from starting its service.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1', LC_ALL: 'C' };
  for (let times = 0; times < 60; times++) {
    const { status, stderr } = spawnSync('apt-get', args, { env, encoding: 'utf8', timeout: 240_000 });
    if (status === 0) return true;
    // Tests of another file may be installing it right now.
    if (!/could not get lock|unable to (?:acquire|lock)/i.test(stderr ?? '')) return false;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2_000);
  }
  return false;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
