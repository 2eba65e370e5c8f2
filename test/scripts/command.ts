import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COMMAND = join(ROOT, 'scripts', 'xorflow.mjs');

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Where a command runs and what it reads. */
interface CommandOptions {
  readonly cwd: string;
  readonly input?: string;
  /** Over the variables of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves once stdout and stderr together hold the text. */
  said(text: string): Promise<void>;
}

/** Starts the command as a user does, in another process. */
export function startCommand(args: readonly string[], options: CommandOptions): Started {
  const { NODE_TEST_CONTEXT: _, DEBUG: __, ...inherited } = process.env;
  const env = { ...inherited, ...options.env };
  const child = spawn(process.execPath, [COMMAND, ...args], { cwd: options.cwd, env, stdio: 'pipe' });
  let stdout = '';
  let stderr = '';
  const waiting = new Set<() => void>();
  child.stdout.on('data', (text) => {
    stdout += text;
    for (const look of waiting) look();
  });
  child.stderr.on('data', (text) => {
    stderr += text;
    for (const look of waiting) look();
  });
  child.stdin.on('error', () => undefined);
  child.stdin.end(options.input ?? '');
  const ended = new Promise<Ended>((done) => child.once('close', (code) => done({ code, stdout, stderr })));
  return {
    child,
    ended,
    said: (text) =>
      new Promise((done, failed) => {
        const look = () => {
          if (!`${stdout}${stderr}`.includes(text)) return;
          waiting.delete(look);
          done();
        };
        waiting.add(look);
        look();
        void ended.then(() => failed(new Error(`Never said ${text}, but: ${stdout}${stderr}`)));
      }),
  };
}

export function runCommand(args: readonly string[], options: CommandOptions): Promise<Ended> {
  return startCommand(args, options).ended;
}

/** A folder that is gone after the test. */
export async function makeFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'xorflow-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
