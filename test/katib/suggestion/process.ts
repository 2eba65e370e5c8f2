import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** The service as a process of its own. */
export interface ServiceProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly port: number;
  /** Signals it, and says how it ended. */
  end(signal: NodeJS.Signals): Promise<{ readonly code: number | null; readonly ms: number }>;
}

/** The program that stands beside this file, or another one of the repository. */
export function startProcess(
  file = 'test/katib/suggestion/service-process.ts',
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  const { PATH = '' } = process.env;
  return spawn(process.execPath, [file], { cwd: root, env: { PATH, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Starts it on any port that is free, and waits until it listens. */
export async function startService(file?: string): Promise<ServiceProcess> {
  const child = startProcess(file, { PORT: '0' });
  child.stderr?.pipe(process.stderr);
  let port: number | undefined;
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    port = Number(/listening on 127\.0\.0\.1:(\d+)$/.exec(line)?.[1]);
    break;
  }
  if (!port) throw new Error(`the service ended with ${child.exitCode} before it listened`);
  const end = async (signal: NodeJS.Signals) => {
    const began = performance.now();
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    }
    return { code: child.exitCode, ms: performance.now() - began };
  };
  return { child, port, end, [Symbol.asyncDispose]: () => end('SIGKILL').then(() => {}) };
}
