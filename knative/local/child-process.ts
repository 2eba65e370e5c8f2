import { spawn } from 'node:child_process';
import { request } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { XorflowError } from '../../events/errors.ts';
import type { Exit, Instance, Launch } from './instance.ts';

const READY_WITHIN_MS = 60_000;
const ASK_EVERY_MS = 15;
const LAST_LINES = 5;
/** A killed parent closes the channel: nobody would stop the function then. */
export const DIE_WITH_PARENT = `data:text/javascript,${encodeURIComponent(
  "process.once('disconnect',()=>process.kill(process.pid,'SIGTERM'));process.channel?.unref();",
)}`;

/** Runs a function as a process of its own, on a port of its own, with exactly the environment of its manifest. */
export async function startChild(launch: Launch, signal: AbortSignal): Promise<Instance> {
  const port = await freePort();
  const child = spawn(process.execPath, ['--import', DIE_WITH_PARENT, launch.file], {
    env: { ...launch.env, PORT: String(port) },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const last: string[] = [];
  forwardLines(child.stdout, (line) => launch.onOutput('stdout', line));
  forwardLines(child.stderr, (line) => {
    last.push(line);
    if (last.length > LAST_LINES) last.shift();
    launch.onOutput('stderr', line);
  });
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signalName) => resolve({ code, signal: signalName }));
    child.once('error', () => resolve({ code: null, signal: null }));
  });
  const over = new AbortController();
  void exited.then(() => over.abort());
  const stop = async (graceMs: number) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    child.kill('SIGTERM');
    await exited;
    clearTimeout(timer);
  };
  const waiting = AbortSignal.any([signal, over.signal, AbortSignal.timeout(READY_WITHIN_MS)]);
  if (await isReadyBefore(port, launch.readinessPath, waiting)) return { port, exited, stop };
  const how = over.signal.aborted ? describe(await exited) : `was not ready within ${READY_WITHIN_MS / 1000} s`;
  await stop(0);
  const said = last.length > 0 ? `: ${last.join(' | ')}` : '';
  throw new XorflowError('PLATFORM_UNREACHABLE', `The function ${launch.service} ${how}${said}`);
}

function describe({ code, signal }: Exit): string {
  return signal === null
    ? `ended with exit code ${code} before it was ready`
    : `was ended by ${signal} before it was ready`;
}

export function forwardLines(stream: Readable | null, onLine: (line: string) => void): void {
  if (stream !== null) createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY }).on('line', onLine);
}

async function isReadyBefore(port: number, path: string | undefined, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if (await (path === undefined ? canConnect(port) : answersOk(port, path, signal))) return true;
    await sleep(ASK_EVERY_MS, undefined, { signal }).catch(() => undefined);
  }
  return false;
}

function answersOk(port: number, path: string, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = request({ host: '127.0.0.1', port, path, agent: false, signal }, (response) => {
      response.resume();
      resolve(response.statusCode !== undefined && response.statusCode >= 200 && response.statusCode < 400);
    });
    probe.on('error', () => resolve(false));
    probe.end();
  });
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

/** A port that was free a moment ago: a process cannot tell its parent which one it got. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
