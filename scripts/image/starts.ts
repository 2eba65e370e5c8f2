/** In the image's build: starts everything once, by the user and in the folder that the image has. */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { coldStart, type StartOptions } from '../cold-start.ts';

/**
 * Starts a function, gives it an event that means nothing to it, and stops it.
 *
 * @returns milliseconds until it was ready
 * @throws Error when it does not start, does not acknowledge the event, or does not end with 0
 */
export async function startOnce(command: readonly string[], options: StartOptions): Promise<number> {
  const { url, readyMs, end } = await coldStart(command, options);
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'ce-specversion': '1.0', 'ce-type': 'image.checked', 'ce-source': '/xorflow/image', 'ce-id': '1' },
  });
  const text = await response.text();
  const code = await end();
  const what = command.join(' ');
  if (response.status !== 204 || text !== '') {
    throw new Error(`${what} answered ${response.status} ${text} to an event of no interest: expected an empty 204`);
  }
  if (code !== 0) throw new Error(`${what} ended with ${code} on SIGTERM: expected 0`);
  return readyMs;
}

/**
 * Starts the program of a trial, with what it reads the logs of pods by, and gives it nothing to try.
 *
 * @throws Error when it does not load
 */
function startTrial(): void {
  const script = "await import('./katib/trial/pod-lines.ts'); await import('./katib/trial.ts')";
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], {
    env: { ...process.env, KATIB_TRIAL_NAME: '' },
    encoding: 'utf8',
  });
  if (status !== 2) throw new Error(`katib/trial.ts ended with ${status} without a trial: expected 2: ${stderr}`);
}

/** What a function needs of its environment. */
export function environment(store: string, sink = 'http://127.0.0.1:9/'): Record<string, string> {
  const endpoint = { KF_PIPELINES_ENDPOINT: 'http://127.0.0.1:9/' };
  return { XORFLOW_STORE: `embedded:${store}`, K_SINK: sink, LOG_LEVEL: 'warn', ...endpoint };
}

if (process.argv[1] === import.meta.filename) {
  const store = await mkdtemp(join(tmpdir(), 'xorflow-starts-'));
  for (const name of readdirSync('functions')) {
    const file = `functions/${name}/index.ts`;
    if (!readdirSync(join('functions', name)).includes('index.ts')) continue;
    const readyMs = await startOnce(['node', file], { cwd: '.', env: { ...process.env, ...environment(store) } });
    process.stdout.write(`${file} was ready after ${Math.round(readyMs)} ms\n`);
  }
  await rm(store, { recursive: true, force: true });
  startTrial();
}
