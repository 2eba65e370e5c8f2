import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { makeFolder } from './manifests.ts';

const CLI = fileURLToPath(import.meta.resolve('faas-js-runtime/bin/cli.js'));

/** A function in the published faas-js-runtime, as a process of its own. */
export interface Faas extends AsyncDisposable {
  readonly url: string;
  /** All that it has said on stdout and stderr so far. */
  said(): string;
  /** Sends SIGTERM and waits for the end. */
  end(): Promise<number | null>;
}

/** Starts a function that is expected to come up; `file` is relative to the project's folder. */
export async function startFaas(file: string, env: Readonly<Record<string, string>> = {}): Promise<Faas> {
  const folder = await makeFolder();
  const { child, exited, said } = run(file, { XORFLOW_STORE: `embedded:${folder.path}`, ...env });
  const end = async () => {
    child.kill('SIGTERM');
    return exited;
  };
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', () => {
      const found = /Server listening at [^"]*:(\d+)"/.exec(said())?.[1];
      if (found !== undefined) resolve(found);
    });
    void exited.then((code) => reject(new Error(`${file} ended with ${code}: ${said()}`)));
  });
  return {
    url: `http://127.0.0.1:${port}`,
    said,
    end,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
      await folder[Symbol.asyncDispose]();
    },
  };
}

/** Runs a function that is expected not to come up. */
export async function failFaas(
  file: string,
  env: Readonly<Record<string, string>>,
): Promise<{ code: number | null; said: string }> {
  const { exited, said } = run(file, env);
  return { code: await exited, said: said() };
}

function run(file: string, env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [CLI, file], {
    env: { PATH: process.env.PATH, FUNC_PORT: '0', FUNC_LOG_LEVEL: 'info', LOG_LEVEL: 'silent', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk));
  const exited = once(child, 'close').then(([code]) => code as number | null);
  return { child, exited, said: () => text };
}
