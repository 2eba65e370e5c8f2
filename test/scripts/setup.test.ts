import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, cp, mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Ended, makeFolder, ROOT } from './command.ts';

/** A Node that says it is version 20. */
const OLD = `data:text/javascript,${encodeURIComponent(
  "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } })",
)}`;

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
async function makeProject() {
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

function lockfile(version: string): string {
  const packages = {
    '': { name: 'tiny' },
    'node_modules/a': { version, integrity: `sha512-${version}` },
    'node_modules/b': { version, optional: true },
  };
  return JSON.stringify({ name: 'tiny', lockfileVersion: 3, packages });
}

function endOf(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (text) => (stdout += text));
  child.stderr?.on('data', (text) => (stderr += text));
  return new Promise((done) => child.once('close', (code) => done({ code, stdout, stderr })));
}

suite('packages are installed when they are needed', { concurrency: 2 }, () => {
  test('once, quietly, and then the file is run with its arguments and its exit code', async () => {
    await using project = await makeProject();
    const first = await project.run(['3', 'x']);
    assert.deepEqual([first.code, first.stdout], [3, 'hello 3 x\n']);
    assert.match(first.stderr, /^Installing packages \(once\) …\nPackages installed in \d+\.\d s\n$/);
    assert.deepEqual(await project.run(['4']), { code: 4, stdout: 'hello 4\n', stderr: '' });
    assert.equal(await project.installs(), 1);
  });

  test('and the training kernel is compiled with them', async () => {
    await using project = await makeProject();
    const folder = project.path('functions', 'train', 'engines', 'fused');
    await mkdir(folder, { recursive: true });
    const kernel = project.path('kernel.wasm');
    await writeFile(
      join(folder, 'build.ts'),
      `import { writeFileSync } from 'node:fs';\nwriteFileSync(${JSON.stringify(kernel)}, '');`,
    );
    await project.run();
    assert.equal(await readFile(kernel, 'utf8'), '');
  });

  test('again when package-lock.json has changed', async () => {
    await using project = await makeProject();
    await project.run();
    await writeFile(project.path('package-lock.json'), lockfile('2.0.0'));
    await project.run();
    assert.equal(await project.installs(), 2);
  });

  test('by one of those that start at the same time; the others wait', async () => {
    await using project = await makeProject();
    const all = await Promise.all([project.run(), project.run(), project.run()]);
    assert.deepEqual(
      all.map(({ code, stdout }) => [code, stdout]),
      Array(3).fill([0, 'hello\n']),
    );
    assert.equal(await project.installs(), 1);
  });

  test('not where npm has installed them by hand', async () => {
    await using project = await makeProject();
    await mkdir(project.path('node_modules'));
    await writeFile(
      project.path('node_modules', '.package-lock.json'),
      JSON.stringify({ packages: { 'node_modules/a': { version: '1.0.0', integrity: 'sha512-1.0.0' } } }),
    );
    assert.equal((await project.run()).stdout, 'hello\n');
    assert.equal(await project.installs(), 0);
  });

  test('although a process that was killed has left its lock behind', async () => {
    await using project = await makeProject();
    await mkdir(project.path('.xorflow'));
    await writeFile(project.path('.xorflow', 'setup.lock'), '999999999');
    assert.equal((await project.run()).stdout, 'hello\n');
  });

  test('without npm ci where it finds the lock file incomplete', async () => {
    await using project = await makeProject();
    await writeFile(project.path('npm.incomplete'), '');
    assert.equal((await project.run()).stdout, 'hello\n');
    assert.match(await readFile(project.path('npm.log'), 'utf8'), /^npm ci .*\nnpm install --no-save /);
  });

  test('and what npm says is shown when it fails, with what to do; the next start tries again', async () => {
    await using project = await makeProject();
    await writeFile(project.path('npm.fails'), '');
    const { code, stdout, stderr } = await project.run();
    assert.deepEqual([code, stdout], [3, '']);
    assert.match(stderr, /npm error network\nxorflow: npm could not install the packages in .*: check the network/);
    await rm(project.path('npm.fails'));
    assert.equal((await project.run()).stdout, 'hello\n');
  });
});

suite('Ctrl-C during the installation', { concurrency: 2 }, () => {
  const SENTENCE = /\nInterrupted: the packages are not all installed; the next start installs them\n$/;
  const isAlive = async (file: string): Promise<boolean> => {
    // A process that nobody has asked for its end yet is none.
    const state = await readFile(`/proc/${(await readFile(file, 'utf8')).trim()}/stat`, 'utf8').catch(() => '');
    return state !== '' && !/\) Z /.test(state);
  };
  const untilThere = async (file: string): Promise<void> => {
    while ((await readFile(file, 'utf8').catch(() => '')) === '') await sleep(10);
  };

  test('waits for npm and all that it has started, under the lock, and the next start installs', async () => {
    await using project = await makeProject();
    await writeFile(project.path('npm.slow'), '');
    const child = project.start();
    const ended = endOf(child);
    await untilThere(project.path('npm.pid'));
    child.kill('SIGINT');
    await sleep(200);
    assert.equal(await readFile(project.path('.xorflow', 'setup.lock'), 'utf8'), String(child.pid));
    const { code, stdout, stderr } = await ended;
    assert.deepEqual([code, stdout], [130, '']);
    assert.match(stderr, SENTENCE);
    assert.match(await readFile(project.path('npm.log'), 'utf8'), /^npm ci .*\nended\n$/);
    assert.deepEqual(
      [await isAlive(project.path('npm.pid')), await isAlive(project.path('npm.child'))],
      [false, false],
    );
    await assert.rejects(readFile(project.path('.xorflow', 'setup.lock')), { code: 'ENOENT' });
    await rm(project.path('npm.slow'));
    assert.equal((await project.run()).stdout, 'hello\n');
  });

  test('pressed again kills an npm that does not listen', async () => {
    await using project = await makeProject();
    await writeFile(project.path('npm.slow'), '');
    await writeFile(project.path('npm.deaf'), '');
    const child = project.start();
    const ended = endOf(child);
    await untilThere(project.path('npm.pid'));
    child.kill('SIGINT');
    await sleep(600);
    child.kill('SIGINT');
    const { code, stderr } = await ended;
    assert.equal(code, 130);
    assert.match(stderr, SENTENCE);
    assert.equal(await isAlive(project.path('npm.pid')), false);
  });
});

suite('an older Node hands over to the one of the project', { concurrency: 2 }, () => {
  test('with arguments, exit code and signals', async () => {
    await using project = await makeProject();
    await mkdir(project.path('node_modules', 'node', 'bin'), { recursive: true });
    await symlink(process.execPath, project.path('node_modules', 'node', 'bin', 'node'));
    const { code, stdout } = await project.run(['5', 'x'], ['--import', OLD]);
    assert.deepEqual([code, stdout], [5, 'hello 5 x\n']);
    const child = project.start(['wait'], ['--import', OLD]);
    const ended = endOf(child);
    child.stdout?.once('data', () => child.kill('SIGTERM'));
    assert.equal((await ended).code, 7);
  });

  test('and says what to do where there is none', async () => {
    await using project = await makeProject();
    const { code, stderr } = await project.run([], ['--import', OLD]);
    assert.equal(code, 3);
    assert.match(
      stderr,
      /\nxorflow: Node 20\.1\.0 is too old and the project's own Node 24 is missing at .*: run "npm rebuild node/,
    );
    assert.doesNotMatch(stderr, /\n\s+at /);
  });
});
