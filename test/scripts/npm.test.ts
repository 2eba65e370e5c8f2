import assert from 'node:assert/strict';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { endOf, makeProject } from './project.ts';

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
