import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { startKfpApi } from '../support/kfp-api.ts';
import { makeFolder, ROOT, runCommand, startCommand } from './command.ts';

const FILE = join(ROOT, 'kfp/pipeline.yaml');

/** Runs `xorflow pipeline …` in a folder of its own, with the environment of nobody's cluster. */
async function pipeline(args: readonly string[]) {
  await using folder = await makeFolder();
  return runCommand(['pipeline', ...args], { cwd: folder.path });
}

test('upload: the pipeline is on the server once, and where its page is goes to stdout', async () => {
  await using server = await startKfpApi();
  const args = ['upload', '--file', FILE, '--host', `${server.url}/`];
  const first = await pipeline(args);
  assert.equal(first.code, 0, first.stderr);
  assert.equal(first.stdout, `${server.url}/#/pipelines/details/pipeline-1\n`);
  assert.match(first.stderr, /^uploaded: pipeline xorflow, version sha256-[0-9a-f]{16} \(http:.*, 2\.17\.0\)\n$/);
  const again = await pipeline([...args, '--json']);
  assert.match(again.stderr, /^there already: /);
  const { name, pipeline: id, isNew, url } = JSON.parse(again.stdout);
  assert.deepEqual([name, id, isNew, url], ['xorflow', 'pipeline-1', false, first.stdout.trim()]);
});

test('upload: with many users into a namespace, by a token, under another name', async () => {
  await using folder = await makeFolder();
  const token = join(folder.path, 'token');
  await writeFile(token, 'secret\n');
  await using server = await startKfpApi({ multiUser: true, token: 'secret' });
  const to = ['--file', FILE, '--host', server.url, '--token-file', token];
  const ended = await pipeline(['upload', ...to, '--namespace', 'alice', '--name', 'mine']);
  assert.equal(ended.code, 0, ended.stderr);
  assert.deepEqual(
    server.pipelines.map(({ name, namespace }) => [name, namespace]),
    [['mine', 'alice']],
  );
  const without = await pipeline(['upload', ...to]);
  assert.equal(without.code, 2);
  assert.match(without.stderr, /^xorflow: Missing --namespace: .*\n$/);
});

test('run: uploads what is missing, sends what was given and no more, follows, and ends with the run', async () => {
  await using server = await startKfpApi();
  const args = ['run', '--file', FILE, '--host', server.url, '--param', 'dims=3', '--param', 'preset=course'];
  const ended = await pipeline([...args, '--service-account', 'trainer', '--json']);
  assert.equal(ended.code, 0, ended.stderr);
  const [{ body } = assert.fail(), ...more] = server.runs;
  assert.deepEqual(more, []);
  assert.match(body.display_name, /^xorflow \d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
  assert.deepEqual(
    { ...body, display_name: '' },
    {
      display_name: '',
      experiment_id: 'experiment-1',
      pipeline_version_reference: { pipeline_id: 'pipeline-1', pipeline_version_id: 'pipeline-1-version-2' },
      runtime_config: { parameters: { dims: 3, preset: 'course' } },
      service_account: 'trainer',
    },
  );
  assert.deepEqual(server.experiments, [{ id: 'experiment-1', name: 'xorflow', namespace: '' }]);
  const document = JSON.parse(ended.stdout);
  assert.equal(document.url, `${server.url}/#/runs/details/run-1`);
  assert.deepEqual([document.run, document.state], ['run-1', 'SUCCEEDED']);
  assert.deepEqual(document.tasks, [
    { name: 'start', state: 'SUCCEEDED' },
    { name: 'generate', state: 'SUCCEEDED' },
  ]);
  const lines = ended.stderr.split('\n').slice(1, -1);
  assert.deepEqual(lines, [
    `run run-1: ${document.url}`,
    'PENDING the run',
    'SUCCEEDED start',
    'RUNNING generate',
    'RUNNING the run',
    'SUCCEEDED generate',
    'SUCCEEDED the run',
  ]);
});

test('run: one that fails is exit code 1 with its reason; --no-wait does not wait for that', async () => {
  await using server = await startKfpApi({ course: ['FAILED'] });
  const args = ['run', '--file', FILE, '--host', server.url, '--experiment-name', 'mine'];
  const failed = await pipeline(args);
  assert.equal(failed.code, 1);
  assert.match(failed.stderr, /^FAILED the run: a step failed.*for the test$/m);
  assert.equal(failed.stdout, `FAILED ${server.url}/#/runs/details/run-1\n`);
  const left = await pipeline([...args, '--no-wait']);
  assert.deepEqual([left.code, left.stdout], [0, `${server.url}/#/runs/details/run-2\n`]);
  assert.deepEqual(
    server.experiments.map(({ name }) => name),
    ['mine'],
  );
});

test('run: one that shows an experiment is called as it is', async () => {
  await using server = await startKfpApi();
  const args = ['run', '--file', FILE, '--host', server.url, '--no-wait', '--param', 'experiment=xor-0123456789ab'];
  const ended = await pipeline(args);
  assert.equal(ended.code, 0, ended.stderr);
  assert.equal(server.runs[0]?.body.display_name, 'xor-0123456789ab');
});

test('run: a server that cannot be reached is exit code 3; whoever loses sight of a run is told that it goes on', async () => {
  await using server = await startKfpApi({ failures: { 'GET /runs/run-1': [404] } });
  const lost = await pipeline(['run', '--file', FILE, '--host', server.url]);
  assert.match(lost.stderr, /^the run goes on without us: http.*run-1$/m);
  await server[Symbol.asyncDispose]();
  const ended = await pipeline(['run', '--file', FILE, '--host', server.url, '--json']);
  assert.equal(ended.code, 3);
  assert.equal(JSON.parse(ended.stdout).code, 'PLATFORM_UNREACHABLE');
});

test('run: Ctrl-C ends the following alone, and tells where the run is', async () => {
  await using server = await startKfpApi({ course: ['RUNNING'] });
  await using folder = await makeFolder();
  const started = startCommand(['pipeline', 'run', '--file', FILE, '--host', server.url], { cwd: folder.path });
  await started.said('RUNNING the run');
  started.child.kill('SIGINT');
  const { code, stderr } = await started.ended;
  assert.equal(code, 130);
  assert.match(stderr, /xorflow: interrupted; the run goes on: http.*\/#\/runs\/details\/run-1\n$/);
});

/** Wrong usage, and what is said of it. */
const WRONG: readonly (readonly [args: readonly string[], sentence: RegExp])[] = [
  [['upload'], /Missing --host: expected the address .* KF_PIPELINES_ENDPOINT is its default/],
  [['run', '--host', 'ml-pipeline:8888'], /Wrong value "ml-pipeline:8888" at --host: expected a URL such as/],
  [['run', '--host', 'http://127.0.0.1:1', '--param', 'dim=3'], /Unknown parameter "dim": expected one of dims, /],
  [
    ['run', '--host', 'http://127.0.0.1:1', '--param', 'dims=many'],
    /Wrong value "many" at dims: expected NUMBER_INTEGER/,
  ],
  [['upload', '--host', 'http://127.0.0.1:1', '--name', 'A b'], /Wrong value "A b" at --name: expected 1 to 128 of/],
  [['run', '--to', 'http://127.0.0.1:1'], /--to without --local: expected it for a run on this machine/],
  [['run', '--local', '--host', 'http://127.0.0.1:1'], /--host with --local: expected it for a run in Kubeflow/],
  [['upload', '--file', 'none.yaml', '--host', 'http://127.0.0.1:1'], /Cannot read the pipeline none\.yaml/],
];

for (const [args, sentence] of WRONG) {
  test(`wrong usage is exit code 2 before anything is sent: pipeline ${args.join(' ')}`, async () => {
    const ended = await pipeline(args.includes('--file') ? args : [...args, '--file', FILE]);
    assert.equal(ended.code, 2, ended.stderr);
    assert.match(ended.stderr, sentence);
  });
}
