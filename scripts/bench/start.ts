import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ROOT } from '../tool.ts';
import { type Contestant, type Measurement, measure, type Sample, type Say } from './measure.ts';

const ASK_EVERY_MS = 2;
const FUNCTIONS = join(ROOT, 'functions');

/** Cold start of every function: from the start of its process to the first 200 of its readiness. */
export async function benchStarts({ times }: { times: number }, say: Say): Promise<Measurement[]> {
  const names = readdirSync(FUNCTIONS).filter((name) => existsSync(join(FUNCTIONS, name, 'index.ts')));
  const contestants: Contestant[] = names.map((name) => ({ who: name, run: () => startFunction(name) }));
  return measure({ part: 'start', what: 'process to ready' }, contestants, times, say);
}

async function startFunction(name: string): Promise<Sample> {
  const folder = await mkdtemp(join(tmpdir(), 'xorflow-bench-'));
  const port = await freePort();
  const started = performance.now();
  const child = spawn(process.execPath, [join(FUNCTIONS, name, 'index.ts')], {
    cwd: ROOT,
    env: {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: join(ROOT, 'node_modules', '.cache', 'compile'),
      PORT: String(port),
      K_SINK: 'http://127.0.0.1:9/',
      XORFLOW_STORE: `embedded:${folder}`,
      KF_PIPELINES_ENDPOINT: 'http://127.0.0.1:9/',
      LOG_LEVEL: 'error',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (text) => (said += text));
  const ended = new Promise<void>((done) => child.once('close', () => done()));
  try {
    while (!(await isReady(port))) {
      if (child.exitCode !== null) throw new Error(`The function ${name} ended before it was ready: ${said.trim()}`);
      await sleep(ASK_EVERY_MS);
    }
    return { ms: performance.now() - started, outcome: 'ready' };
  } finally {
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  }
}

async function isReady(port: number): Promise<boolean> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/health/readiness`);
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}

/** A port that was free a moment ago: a process cannot tell its parent which one it got. */
function freePort(): Promise<number> {
  return new Promise((done, failed) => {
    const server = createServer();
    server.once('error', failed);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });
}
