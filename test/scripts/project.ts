import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { type Ended, makeFolder, ROOT } from './command.ts';

const NPM = `#!/bin/sh
echo "npm $*" >> npm.log
sleep 0.3
if [ -f npm.fails ]; then echo "npm error network"; exit 1; fi
if [ -f npm.slow ]; then
  sleep 30 &
  echo $! > npm.child
  if [ -f npm.deaf ]; then trap '' INT; else trap 'sleep 0.5; echo "ended" >> npm.log; echo EUSAGE; exit 1' INT; fi
  echo $$ > npm.pid
  wait
  sleep 30
fi
if [ -f npm.incomplete ] && [ "$1" = ci ]; then echo "npm error code EUSAGE"; exit 1; fi
mkdir -p node_modules
`;

const HELLO = `
const args: readonly string[] = process.argv.slice(2);
if (args[0] === 'wait') {
  process.on('SIGTERM', () => process.exit(7));
  setTimeout(() => undefined, 20_000);
} else process.exitCode = Number(args[0] ?? 0);
console.log('hello', ...args);
`;

/** A fresh clone of a tiny project, with an npm of the test's own. */
export async function makeProject() {
  const folder = await makeFolder();
  const path = (...names: string[]) => join(folder.path, ...names);
  await mkdir(path('scripts'));
  await mkdir(path('bin'));
  for (const name of ['setup.mjs', 'npm.mjs']) await cp(join(ROOT, 'scripts', name), path('scripts', name));
  await writeFile(path('hello.ts'), HELLO);
  await writeFile(path('package.json'), '{"name": "tiny", "version": "1.0.0", "type": "module"}');
  await writeFile(path('package-lock.json'), lockfile('1.0.0'));
  await writeFile(path('bin', 'npm'), NPM);
  await chmod(path('bin', 'npm'), 0o755);
  const env = { PATH: [path('bin'), dirname(process.execPath), process.env.PATH].join(delimiter) };
  const start = (args: readonly string[] = [], node: readonly string[] = []): ChildProcess =>
    spawn(process.execPath, [...node, path('scripts', 'setup.mjs'), 'hello.ts', ...args], { env, cwd: folder.path });
  return {
    path,
    start,
    run: (args?: readonly string[], node?: readonly string[]): Promise<Ended> => endOf(start(args, node)),
    /** How often npm was run. */
    installs: async () => (await readFile(path('npm.log'), 'utf8').catch(() => '')).split('\n').length - 1,
    [Symbol.asyncDispose]: folder[Symbol.asyncDispose],
  };
}

export function lockfile(version: string): string {
  const packages = {
    '': { name: 'tiny' },
    'node_modules/a': { version, integrity: `sha512-${version}` },
    'node_modules/b': { version, optional: true },
  };
  return JSON.stringify({ name: 'tiny', lockfileVersion: 3, packages });
}

export function endOf(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (text) => (stdout += text));
  child.stderr?.on('data', (text) => (stderr += text));
  return new Promise((done) => child.once('close', (code) => done({ code, stdout, stderr })));
}
