import { spawn } from 'node:child_process';
import { existsSync, globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { check } from './check.ts';
import { ROOT } from './tool.ts';

/**
 * `npm test`: the checks, then all tests; `npm test -- <paths> [options of node --test]`: those tests alone. One that
 * hangs is ended after five minutes.
 */
async function test(args: readonly string[]): Promise<number> {
  const files = args.filter(isPath);
  const options = args.filter((argument) => !isPath(argument));
  if (files.length === 0 && !(await check())) {
    process.stdout.write('The tests are not run: the checks come first\n');
    return 1;
  }
  const wanted = files.length === 0 ? ['test/**/*.test.ts'] : files.map(toPattern);
  const found = globSync(wanted, { cwd: ROOT }).sort();
  if (found.length === 0) {
    process.stderr.write(
      `No test at ${wanted.join(', ')}: expected paths such as test/events or test/events/spec.test.ts\n`,
    );
    return 2;
  }
  const child = spawn(
    process.execPath,
    [
      '--test',
      `--test-concurrency=${Math.max(2, availableParallelism())}`,
      '--test-reporter=spec',
      '--test-timeout=300000',
      ...options,
      ...found,
    ],
    { cwd: ROOT, stdio: 'inherit' },
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => void child.kill(signal));
  return new Promise((done) => child.once('exit', (code) => done(code ?? 1)));
}

function isPath(argument: string): boolean {
  return !argument.startsWith('-') && (/[*/]/.test(argument) || existsSync(join(ROOT, argument)));
}

function toPattern(path: string): string {
  return path.endsWith('.ts') ? path : `${path.replace(/\/+$/, '')}/**/*.test.ts`;
}

process.exitCode = await test(process.argv.slice(2));
