import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** How a tool ended. */
export interface Ended {
  readonly code: number;
  readonly output: string;
}

/** The script that npm would run as `node_modules/.bin/<name>`; started directly, it needs no shell and no other Node. */
export function binOf(name: string, bin = name): string {
  // Not resolved as a module: some packages do not export their package.json.
  const manifest = join(ROOT, 'node_modules', name, 'package.json');
  const { bin: bins } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin: string | Record<string, string> };
  const path = typeof bins === 'string' ? bins : bins[bin];
  if (path === undefined) throw new Error(`Package ${name} has no command ${bin}`);
  return join(dirname(manifest), path);
}

/** Runs a script with this Node and gathers what it says. */
export function runTool(args: readonly string[], cwd = ROOT): Promise<Ended> {
  return run(process.execPath, args, cwd);
}

/** Runs a program and gathers what it says; one that cannot be started is an error. */
export function run(command: string, args: readonly string[], cwd: string, env = process.env): Promise<Ended> {
  const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  return new Promise((done, failed) => {
    child.once('error', failed);
    child.once('close', (code) => done({ code: code ?? 1, output }));
  });
}
