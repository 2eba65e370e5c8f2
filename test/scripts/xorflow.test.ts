import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { makeFolder, ROOT, runCommand, startCommand } from './command.ts';
import { EXPERIMENT, startGateway } from './gateway.ts';

suite('the exit code and one sentence say what happened', { concurrency: 2 }, () => {
  const cases: readonly [string, string[], number, RegExp][] = [
    ['help', ['--help'], 0, /^$/],
    ['help of a command shows examples', ['run', '--help'], 0, /^$/],
    ['no command', [], 2, /^Usage: xorflow/],
    ['an unknown command', ['rnu'], 2, /^xorflow: Unknown command 'rnu'; did you mean run\?\n$/],
    ['a misspelled option', ['run', '--dimz', '3'], 2, /^xorflow: Unknown option '--dimz'; did you mean --dims\?\n$/],
    ['a command like none', ['make'], 2, /^xorflow: Unknown command 'make': expected one of start, up, run, list, /],
    [
      'an option like none',
      ['list', '--colour'],
      2,
      /^xorflow: Unknown option '--colour': expected one of --to, --store, --json, --help\n$/,
    ],
    ['a command of commands', ['pipeline'], 2, /^Usage: xorflow pipeline/],
    [
      'no pipeline',
      ['pipeline', 'run', '--local', '--file', join(ROOT, 'README.md')],
      2,
      /^xorflow: .*README\.md: [^\n]+\n$/,
    ],
    ['the version', ['--version'], 0, /^$/],
    ['an option without its value', ['run', '--dims'], 2, /^xorflow: Option '--dims <n>' argument missing\n$/],
    ['an argument too many', ['run', 'x'], 2, /^xorflow: Too many arguments/],
    ['a missing argument', ['show'], 2, /^xorflow: Missing required argument 'id'\n$/],
    [
      'a wrong value',
      ['run', '--dims', '1'],
      2,
      /^xorflow: Wrong value 1 at --dims: expected an integer from 2 to 64\n$/,
    ],
    ['a missing file', ['run', '--spec', 'x'], 2, /^xorflow: Cannot read --spec "x": there is no such file\n$/],
    ['a wrong port', ['up', '--port', '70000'], 2, /^xorflow: Wrong value "70000" at --port: expected an integer/],
    ['a wrong address', ['list', '--to', 'x'], 2, /^xorflow: Wrong value "x" at --to: expected a URL/],
    ['both places', ['list', '--to', 'http://x', '--store', 'y'], 2, /^xorflow: Both --to and --store/],
    ['an unknown experiment', ['show', 'x'], 2, /^xorflow: No experiment "x" in .xorflow/],
    [
      'nobody there',
      ['list', '--to', 'http://127.0.0.1:2'],
      3,
      /^xorflow: Cannot reach the platform at http:\/\/127.0.0.1:2: nobody listens there/,
    ],
    [
      'a port that is not for HTTP',
      ['list', '--to', 'http://127.0.0.1:9'],
      2,
      /^xorflow: Wrong value "http:\/\/127.0.0.1:9" at --to: expected another port, 9 is kept for something else/,
    ],
    ['nothing yet', ['list'], 0, /^No experiments yet/],
    ['no store', ['list', '--store', 'x'], 3, /^xorflow: No store in "x" at --store: expected a folder that "xorflow/],
  ];
  for (const [what, args, code, sentence] of cases) {
    test(what, async () => {
      await using folder = await makeFolder();
      const ended = await runCommand(args, { cwd: folder.path });
      assert.match(ended.stderr, sentence);
      assert.equal(ended.code, code);
      assert.doesNotMatch(ended.stderr, /\n\s+at /);
    });
  }

  test('--json prints one document even then', async () => {
    await using folder = await makeFolder();
    const { code, stdout } = await runCommand(['run', '--json', '--dims', 'x'], { cwd: folder.path });
    assert.equal(code, 2);
    const reason = 'Wrong value "x" at --dims: expected an integer from 2 to 64';
    assert.deepEqual(JSON.parse(stdout), { status: 'error', code: 'INVALID_ARGUMENT', reason });
  });
});

test('https where nobody speaks TLS is one plain sentence, with 3', async () => {
  await using folder = await makeFolder();
  await using gateway = await startGateway();
  const url = gateway.url.replace('http:', 'https:');
  const { code, stderr } = await runCommand(['list', '--to', url], { cwd: folder.path });
  assert.equal(code, 3);
  assert.equal(stderr, `xorflow: No platform answers at ${url}: it does not speak TLS, try http://\n`);
});

test('a standard output that cannot be written is one sentence, with 3', {
  skip: process.platform !== 'linux',
}, async () => {
  await using full = await open('/dev/full', 'w');
  const args = [join(ROOT, 'scripts', 'xorflow.mjs'), '--version'];
  const child = spawn(process.execPath, args, { stdio: ['ignore', full.fd, 'pipe'] });
  let stderr = '';
  child.stderr?.on('data', (text) => (stderr += text));
  const code = await new Promise((done) => child.once('close', done));
  assert.deepEqual([code, stderr], [3, 'xorflow: Cannot write to standard output: the disk is full\n']);
});

suite('run --to', () => {
  test('prints one JSON document on stdout and all else on stderr', async () => {
    await using folder = await makeFolder();
    await using gateway = await startGateway();
    const { code, stdout, stderr } = await runCommand(['run', '--to', gateway.url, '--json'], { cwd: folder.path });
    assert.equal(code, 0, stderr);
    const document = JSON.parse(stdout);
    assert.deepEqual(Object.keys(document), ['id', 'status', 'durationMs', 'models', 'plots', 'dataset']);
    assert.deepEqual(Object.keys(document.models[0]), ['name', 'hidden', 'engine', 'train', 'test', 'weights']);
    assert.equal(document.plots[0].png, join(folder.path, '.xorflow/results', EXPERIMENT, 'scatter-train.png'));
    assert.match(stderr, /completed\n$/);
  });

  test('prints the table and where the plots are, for people', async () => {
    await using folder = await makeFolder();
    await using gateway = await startGateway();
    const { stdout } = await runCommand(['run', '--to', gateway.url, '--out', 'mine'], { cwd: folder.path });
    assert.match(stdout, /1 hidden layer +16 +65 +99\.60 % /);
    assert.match(stdout, /scatter-train +\/.*\/mine\/scatter-train\.png\n/);
  });

  test('takes a spec from standard input', async () => {
    await using folder = await makeFolder();
    const { code, stderr } = await runCommand(['run', '--spec', '-'], { cwd: folder.path, input: '{"nam": 1}' });
    assert.deepEqual(
      [code, stderr],
      [2, 'xorflow: Unknown field "nam"; did you mean name?, in --spec - (standard input)\n'],
    );
  });

  test('ends with 1 when the experiment failed', async () => {
    await using folder = await makeFolder();
    await using gateway = await startGateway({ fails: true });
    const { code, stdout, stderr } = await runCommand(['run', '--to', gateway.url, '--json'], { cwd: folder.path });
    assert.equal(code, 1);
    const { id, status, stage, reason } = JSON.parse(stdout);
    assert.deepEqual([id, status, stage], [EXPERIMENT, 'failed', 'train']);
    assert.match(reason, /^Loss not finite/);
    assert.match(stderr, /xorflow: Experiment xor-0123456789ab failed in train: Loss not finite/);
  });

  for (const [what, faults, expected] of [
    ['2 when the experiment is too large for the platform', { status: 422, code: 'INSUFFICIENT_MEMORY' }, 2],
    ['3 when the platform forgets what it has taken', { forgets: true }, 3],
  ] as const) {
    test(`ends with ${what}`, async () => {
      await using folder = await makeFolder();
      await using gateway = await startGateway(faults);
      assert.equal((await runCommand(['run', '--to', gateway.url], { cwd: folder.path })).code, expected);
    });
  }

  test('ends with 2 before anything is sent when --out is somebody else’s', async () => {
    await using folder = await makeFolder();
    await using gateway = await startGateway();
    await writeFile(join(folder.path, 'mine.txt'), '');
    const { code } = await runCommand(['run', '--to', gateway.url, '--out', '.'], { cwd: folder.path });
    assert.deepEqual([code, gateway.taken], [2, []]);
  });

  for (const [signal, expected] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    test(`ends with ${expected} on ${signal}, and still prints one document`, async () => {
      await using folder = await makeFolder();
      await using gateway = await startGateway({ endless: true });
      const command = startCommand(['run', '--to', gateway.url, '--json'], { cwd: folder.path });
      await command.said('compared');
      const pressed = performance.now();
      command.child.kill(signal);
      const { code, stdout, stderr } = await command.ended;
      assert.equal(code, expected);
      assert.equal(JSON.parse(stdout).status, 'interrupted');
      assert.match(stderr, /\nxorflow: interrupted; the platform at http:\S+ goes on with xor-0123456789ab\n$/);
      assert.ok(performance.now() - pressed < 5_000);
    });
  }
});
