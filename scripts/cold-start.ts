import { type ChildProcess, spawn } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const ASK_EVERY_MS = 2;
const PATIENCE_MS = 30_000;

/** A function that got ready. */
export interface Started {
  readonly url: string;
  /** Milliseconds from the start of its process to the first 200 of its readiness. */
  readonly readyMs: number;
  /** Sends the signal and waits for the end: the exit code, or the name of the signal that ended it. */
  end(signal?: NodeJS.Signals): Promise<number | string>;
}

export interface StartOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid?: number;
}

/**
 * Starts a function as a process of its own and waits until it says that it is ready.
 *
 * @throws Error with what it said, when it ends before or takes longer than half a minute
 */
export async function coldStart(
  [program = 'node', ...args]: readonly string[],
  options: StartOptions,
): Promise<Started> {
  const { cwd, env, uid } = options;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const started = performance.now();
  const child = spawn(program, args, {
    cwd,
    env: { ...env, HOST: '127.0.0.1', PORT: String(port) },
    ...(uid === undefined ? {} : { uid, gid: uid }),
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (text) => (said += text));
  const ended = endOf(child);
  let isOver = false;
  void ended.then((how) => {
    isOver = true;
    said = `ended with ${how} before it was ready: ${said.trim()}`;
  });
  while (!(await isReady(url))) {
    const isLate = performance.now() - started > PATIENCE_MS;
    if (isLate) child.kill('SIGKILL');
    if (isOver || isLate)
      throw new Error(
        `${[program, ...args].join(' ')} ${isOver ? said : `is not ready after ${PATIENCE_MS / 1000} s`}`,
      );
    await sleep(ASK_EVERY_MS);
  }
  const readyMs = performance.now() - started;
  return {
    url,
    readyMs,
    end(signal = 'SIGTERM') {
      child.kill(signal);
      return ended;
    },
  };
}

function endOf(child: ChildProcess): Promise<number | string> {
  return new Promise((done) => {
    child.once('error', (error) => done(error.message));
    child.once('close', (code, signal) => done(code ?? signal ?? 'nothing'));
  });
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/health/readiness`);
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
