import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeClient } from '../../scripts/client.ts';
import { stateOf, toLogged } from '../../scripts/records.ts';
import { checkResultsFolder, exportResults } from '../../scripts/results.ts';
import { makeFolder, runCommand, startCommand } from './command.ts';
import { EXPERIMENT, exampleLog, startGateway } from './gateway.ts';

const never = new AbortController().signal;
const events = exampleLog().map((json, index) => toLogged(index + 1, json));
const outcome = { state: stateOf(EXPERIMENT, events), events };

suite('the results folder', () => {
  test('holds every artifact under its name, and a summary', async () => {
    await using folder = await makeFolder();
    await using gateway = await startGateway();
    const path = join(folder.path, 'deep', 'results');
    const plots = await exportResults(makeClient(gateway.url), outcome, path, never);
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
    await exportResults(makeClient(gateway.url), outcome, path, never);
    assert.ok(!(await readdir(path)).includes('old.png'));
    assert.deepEqual(await readdir(folder.path), ['results']);
  });

  test('does not appear when an artifact cannot be had, or on a signal', async () => {
    await using folder = await makeFolder();
    await using gateway = await startGateway({ corrupt: true });
    await using slow = await startGateway({ artifactDelayMs: 300 });
    const path = join(folder.path, 'results');
    await assert.rejects(exportResults(makeClient(gateway.url), outcome, path, never), /Wrong bytes/);
    const signal = AbortSignal.timeout(100);
    await assert.rejects(exportResults(makeClient(slow.url), outcome, path, signal), { name: 'TimeoutError' });
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
    assert.throws(() => checkResultsFolder(folder.path), {
      code: 'INVALID_ARGUMENT',
      message: /at --out: expected a new/,
    });
    assert.throws(() => checkResultsFolder(join(folder.path, 'thesis.tex')), /at --out: expected a folder/);
    assert.equal(checkResultsFolder(join(folder.path, 'new')), join(folder.path, 'new'));
  });

  test('that cannot be written is told in one sentence', async () => {
    await using gateway = await startGateway();
    const client = makeClient(gateway.url);
    await assert.rejects(exportResults(client, outcome, '/proc/results', never), {
      code: 'PLATFORM_UNREACHABLE',
      message: /^Cannot write the results to \/proc\/results: E/,
    });
  });

  test('never takes a name from a platform that leads elsewhere', async () => {
    await using folder = await makeFolder();
    await using gateway = await startGateway();
    const [plot] = outcome.state.plots;
    assert.ok(plot);
    const evil = { ...outcome, state: { ...outcome.state, plots: [{ ...plot, name: '../../evil' }] } };
    const path = join(folder.path, 'results');
    await assert.rejects(
      exportResults(makeClient(gateway.url), evil, path, never),
      /Wrong name "..\/..\/evil" of a plot/,
    );
    assert.deepEqual(await readdir(folder.path), []);
  });
});
