import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeClient } from '../../functions/client/client.ts';
import { type Records, stateOf, toLogged } from '../../functions/client/logged.ts';
import type { Outcome } from '../../scripts/experiment.ts';
import { exportResults } from '../../scripts/results.ts';
import { openFolder, openOut } from '../../scripts/results-folder.ts';
import { makeFolder, runCommand, startCommand } from './command.ts';
import { EXPERIMENT, exampleLog, startGateway } from './gateway.ts';

const never = new AbortController().signal;
const events = exampleLog().map((json, index) => toLogged(index + 1, json));
const outcome = { state: stateOf(EXPERIMENT, events), events };

async function exportTo(path: string, records: Records, signal = never, what: Outcome = outcome) {
  await using folder = await openFolder(path);
  return await exportResults(records, what, folder, signal);
}

suite('the results folder', () => {
  test('holds every artifact under its name, and a summary', async () => {
    await using folder = await makeFolder();
    await using gateway = await startGateway();
    const path = join(folder.path, 'deep', 'results');
    const plots = await exportTo(path, makeClient(gateway.url));
    const files = (await readdir(path, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
    assert.deepEqual(files.map((entry) => join(entry.parentPath, entry.name).slice(path.length + 1)).sort(), [
      ...['data/test.arrow', 'data/train.arrow', 'data/validation.arrow', 'history/1-hidden-layer.arrow'],
      ...['models/1-hidden-layer/model.json', 'models/1-hidden-layer/weights.bin'],
      ...['scatter-train.html', 'scatter-train.png', 'scatter-train.vl.json', 'summary.json'],
    ]);
    assert.equal(await readFile(plots[0]?.png ?? '', 'utf8'), 'scatter-train.png');
    assert.deepEqual(await readdir(join(folder.path, 'deep')), ['results']);
  });

  test('is replaced as a whole by later results', async () => {
    await using folder = await makeFolder();
    await using gateway = await startGateway();
    const path = join(folder.path, 'results');
    await mkdir(path);
    await writeFile(join(path, 'summary.json'), 'old');
    await writeFile(join(path, 'old.png'), 'old');
    await exportTo(path, makeClient(gateway.url));
    assert.ok(!(await readdir(path)).includes('old.png'));
    assert.deepEqual(await readdir(folder.path), ['results']);
  });

  test('does not appear when an artifact cannot be had, or on a signal', async () => {
    await using folder = await makeFolder();
    await using gateway = await startGateway({ corrupt: true });
    await using slow = await startGateway({ artifactDelayMs: 300 });
    const path = join(folder.path, 'results');
    await assert.rejects(exportTo(path, makeClient(gateway.url)), /Wrong bytes/);
    const signal = AbortSignal.timeout(100);
    await assert.rejects(exportTo(path, makeClient(slow.url), signal), { name: 'TimeoutError' });
    assert.deepEqual(await readdir(folder.path), []);
  });

  test('does not appear when the command is killed in the middle, and what is left is swept up by the next one', async () => {
    await using folder = await makeFolder();
    await using slow = await startGateway({ artifactDelayMs: 400 });
    await using gateway = await startGateway();
    const args = (url: string) => ['run', '--to', url, '--out', 'results', '--json'];
    const { child, ended } = startCommand(args(slow.url), { cwd: folder.path });
    while ((await readdir(folder.path)).length === 0) await sleep(10);
    child.kill('SIGKILL');
    await ended;
    const left = await readdir(folder.path);
    assert.equal(left.length, 1);
    assert.match(left[0] ?? '', /^\.results\.partial-\d+$/);
    assert.equal((await runCommand(args(gateway.url), { cwd: folder.path })).code, 0);
    assert.deepEqual(await readdir(folder.path), ['results']);
  });

  test('of somebody else is left alone', async () => {
    await using folder = await makeFolder();
    await writeFile(join(folder.path, 'thesis.tex'), '');
    await assert.rejects(openOut(folder.path), {
      code: 'INVALID_ARGUMENT',
      message: /at --out: expected a new folder, an empty one or earlier results/,
    });
    await assert.rejects(
      openOut(join(folder.path, 'thesis.tex')),
      /at --out: expected a folder, new or empty: a file stands/,
    );
    assert.deepEqual(await readdir(folder.path), ['thesis.tex']);
  });

  test('that cannot be made is told before the run, which then is not requested', async () => {
    await using folder = await makeFolder();
    await using gateway = await startGateway();
    for (const out of ['/proc/results', '/proc/deep/results']) {
      const { code, stderr } = await runCommand(['run', '--to', gateway.url, '--out', out], { cwd: folder.path });
      assert.equal(code, 2);
      assert.equal(
        stderr,
        `xorflow: Wrong value "${out}" at --out: expected a folder that can be written: no folder can be made there\n`,
      );
    }
    assert.deepEqual(gateway.taken, []);
  });

  test('is not left half made by a run that fails', async () => {
    await using folder = await makeFolder();
    await using gateway = await startGateway({ fails: true });
    const { code } = await runCommand(['run', '--to', gateway.url, '--out', 'mine'], { cwd: folder.path });
    assert.deepEqual([code, await readdir(folder.path)], [1, []]);
  });

  test('that cannot be written is told in one sentence', async () => {
    await using gateway = await startGateway();
    const client = makeClient(gateway.url);
    await assert.rejects(exportTo('/proc/results', client), {
      code: 'PLATFORM_UNREACHABLE',
      message: /^Cannot write the results to \/proc\/results: no folder can be made there$/,
    });
  });

  test('never takes a name from a platform that leads elsewhere', async () => {
    await using folder = await makeFolder();
    await using gateway = await startGateway();
    const [plot] = outcome.state.plots;
    assert.ok(plot);
    const evil = { ...outcome, state: { ...outcome.state, plots: [{ ...plot, name: '../../evil' }] } };
    const path = join(folder.path, 'results');
    await assert.rejects(exportTo(path, makeClient(gateway.url), never, evil), /Wrong name "..\/..\/evil" of a plot/);
    assert.deepEqual(await readdir(folder.path), []);
  });
});
