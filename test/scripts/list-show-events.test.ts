import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { makeFolder, runCommand } from './command.ts';
import { EXPERIMENT, startGateway } from './gateway.ts';

suite('list, show and events', () => {
  test('ask the platform that --to names', async () => {
    await using folder = await makeFolder();
    await using gateway = await startGateway();
    const ask = async (...args: string[]) => runCommand([...args, '--to', gateway.url], { cwd: folder.path });
    assert.match((await ask('list')).stdout, /\nxor-0123456789ab +xor +running +– +–\n$/);
    const shown = await ask('show', EXPERIMENT);
    assert.match(shown.stdout, /^Experiment xor-0123456789ab: completed/);
    assert.match(shown.stdout, /\nmodel\.trained +1 hidden layer +\+\d+ ms +\d+ ms\n/);
    const written = await ask('show', EXPERIMENT, '--out', 'mine', '--json');
    const [plot] = JSON.parse(written.stdout).files;
    assert.equal(await readFile(plot.png, 'utf8'), 'scatter-train.png');
    assert.equal(plot.png, join(folder.path, 'mine', 'scatter-train.png'));
    const again = await ask('show', EXPERIMENT, '--out', 'mine');
    assert.ok(
      again.stdout.endsWith(`\nPlots, models, histories, data and summary.json: ${join(folder.path, 'mine')}\n`),
    );
    const lines = (await ask('events', EXPERIMENT, '--follow', '--json')).stdout.trimEnd().split('\n');
    assert.equal(lines.length, 7);
    assert.equal(JSON.parse(lines[6] ?? '').type, 'experiment.completed');
    assert.equal((await ask('show', 'other')).code, 2);
  });

  test('write no results of an experiment that is not finished', async () => {
    await using folder = await makeFolder();
    await using gateway = await startGateway({ endless: true });
    const args = ['show', EXPERIMENT, '--out', 'mine', '--to', gateway.url];
    const { code, stderr } = await runCommand(args, { cwd: folder.path });
    const sentence = `xorflow: Experiment ${EXPERIMENT} is running: expected a finished one at --out\n`;
    assert.deepEqual([code, stderr, await readdir(folder.path)], [2, sentence, []]);
  });
});
