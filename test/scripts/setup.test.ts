import assert from 'node:assert/strict';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { endOf, lockfile, makeProject } from './project.ts';

/** A Node that says it is version 20. */
const OLD = `data:text/javascript,${encodeURIComponent(
  "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '20.1.0' } })",
)}`;

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
