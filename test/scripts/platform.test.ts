import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { type Ended, makeFolder, runCommand, startCommand } from './command.ts';

const SMALL = ['--train-size', '200', '--validation-size', '50', '--test-size', '50', '--epochs', '20'];

const folder = await makeFolder();
after(() => folder[Symbol.asyncDispose]());
const xorflow = (...args: string[]): Promise<Ended> => runCommand(args, { cwd: folder.path });

suite('on this machine', () => {
  let id = '';

  test('run starts a platform for itself and keeps the results', async () => {
    const { code, stdout, stderr } = await xorflow('run', '--json', ...SMALL);
    assert.equal(code, 0, stderr);
    const document = JSON.parse(stdout);
    id = document.id;
    assert.equal(document.status, 'completed');
    assert.deepEqual(
      document.models.map(({ name }: { name: string }) => name),
      ['0 hidden layers', '1 hidden layer'],
    );
    assert.ok(document.plots.length >= 3);
  });

  test('list, show and events need no platform', async () => {
    const list = JSON.parse((await xorflow('list', '--json')).stdout);
    assert.deepEqual([list.length, list[0].id, list[0].status], [1, id, 'completed']);
    assert.match((await xorflow('show', id)).stdout, /\nexperiment\.completed +\+/);
    const events = (await xorflow('events', id, '--json')).stdout.trimEnd().split('\n');
    assert.equal(JSON.parse(events[0] ?? '').type, 'experiment.requested');
  });

  test('verify proves it, byte for byte', async () => {
    const { code, stdout, stderr } = await xorflow('verify', id, '--json');
    assert.equal(code, 0, stderr);
    const { equal, artifacts } = JSON.parse(stdout);
    assert.equal(equal, true);
    assert.ok(artifacts.length > 20);
  });

  test('two runs in one folder share a platform, and neither cares which of them ends first', async () => {
    const both = await Promise.all([
      xorflow('run', '--json', ...SMALL),
      xorflow('run', '--json', ...SMALL, '--epochs', '2000'),
    ]);
    for (const { code, stdout, stderr } of both) {
      assert.equal(code, 0, stderr);
      assert.equal(JSON.parse(stdout).status, 'completed');
    }
  });
});

suite('up', () => {
  test('serves until Ctrl-C, which ends it with 0; meanwhile run uses it and a second one is refused', async () => {
    const up = startCommand(['up', '--port', '0'], { cwd: folder.path });
    await up.said('Press Ctrl-C to stop');
    const { stdout, code } = await xorflow('run', '--json', ...SMALL);
    assert.equal(code, 0);
    assert.equal(JSON.parse(stdout).status, 'completed');
    const second = await xorflow('up', '--port', '0');
    assert.equal(second.code, 3);
    assert.match(second.stderr, /^xorflow: The data folder .* is in use by the platform of process \d+ at http/);
    up.child.kill('SIGINT');
    const ended = await up.ended;
    assert.equal(ended.code, 0, ended.stderr);
    assert.match(ended.stdout, /Page +http:\/\/127\.0\.0\.1:\d+\/\n/);
    assert.match(ended.stderr, /\nStopping …\n$/);
  });

  test('says so when its port is taken, with 3', async () => {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const { code, stderr } = await xorflow('up', '--port', String(port));
    server.close();
    assert.equal(code, 3);
    assert.equal(
      stderr,
      `xorflow: Wrong value ${port} at --port: expected a free port, that one is in use; 0 is any free one\n`,
    );
  });

  test('says so when its store cannot be written, with 3', async () => {
    await writeFile(join(folder.path, 'file'), '');
    const { code, stderr } = await xorflow('up', '--port', '0', '--store', 'file');
    assert.equal(code, 3);
    assert.match(
      stderr,
      /^xorflow: Cannot write to the data folder \/.*\/file: a file stands in the way; choose a folder [^\n]*\n$/,
    );
  });
});

test('Ctrl-C ends a run of its own platform with 130, soon, and the next platform on its store goes on', async () => {
  const run = startCommand(['run', '--json', '--epochs', '100000', '--store', 'other'], { cwd: folder.path });
  await run.said('training: ');
  const pressed = performance.now();
  run.child.kill('SIGINT');
  const { code, stderr } = await run.ended;
  assert.equal(code, 130);
  assert.ok(performance.now() - pressed < 8_000, `${performance.now() - pressed} ms`);
  assert.match(
    stderr,
    /\nxorflow: interrupted; "xorflow up" or the next run on this store completes xor-[0-9a-f]{12}\n$/,
  );
  assert.equal(stderr.match(/interrupted/g)?.length, 1);
  const up = startCommand(['up', '--port', '0', '--store', 'other'], { cwd: folder.path });
  await up.said('Press Ctrl-C to stop');
  up.child.kill('SIGINT');
  assert.match((await up.ended).stderr, /^resuming \d+ deliver(y|ies) of earlier experiments\n/);
});
