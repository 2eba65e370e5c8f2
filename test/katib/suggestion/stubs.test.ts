import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Algorithm } from '../../../katib/algorithms/algorithm.ts';
import { makeSuggestionServer } from '../../../katib/suggestion/server.ts';
import { makeFolder } from '../../support/manifests.ts';

const SCRIPT = fileURLToPath(new URL('./katib_stubs.py', import.meta.url));
const PROTOS = ['suggestion', 'health'].map((name) =>
  fileURLToPath(new URL(`../../../katib/suggestion/${name}.proto`, import.meta.url)),
);
const PACKAGES = ['grpcio==1.85.1', 'grpcio-health-checking==1.85.1', 'grpcio-tools==1.85.1'];
/** Its dependencies are those of the whole SDK. */
const STUBS = 'kubeflow-katib==0.19.0';

function skip(context: TestContext, reason: string): void {
  context.skip(reason);
  // The reporter's word alone is easily overlooked.
  process.stderr.write(`The service is NOT called with Katib's own stubs: ${reason}\n`);
}

test("Katib's own stubs send what is read and read what is answered, field by field", {
  timeout: 300_000,
}, async (context) => {
  const run = promisify(execFile);
  let python = process.env.KATIB_PYTHON;
  await using folder = await makeFolder();
  if (python === undefined) {
    if (!process.env.CI)
      return skip(
        context,
        'it installs 20 MB, so only in CI (CI=true); KATIB_PYTHON names a Python that has the stubs',
      );
    python = join(folder.path, 'venv', 'bin', 'python');
    await run('python3', ['-m', 'venv', join(folder.path, 'venv')]);
    const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check'];
    await run(python, [...install, ...PACKAGES], { maxBuffer: 2 ** 24 });
    await run(python, [...install, '--no-deps', STUBS], { maxBuffer: 2 ** 24 });
  }

  const heard: Parameters<Algorithm['suggest']>[] = [];
  const recording: Algorithm = {
    name: 'recording',
    validate: () => [],
    suggest(...asked) {
      heard.push(asked);
      const [, , first, count] = asked;
      return Array.from({ length: count }, (_, at) => ({
        assignments: { lr: `0.${first + at}`, activation: 'tänh' },
        labels: { rung: String(first) },
      }));
    },
  };
  await using server = makeSuggestionServer((name) => (name === recording.name ? recording : undefined));
  const port = await server.listen('127.0.0.1', 0);
  const { stdout } = await run(python, [SCRIPT, String(port), ...PROTOS]);
  const said = JSON.parse(stdout);

  assert.ok(said.parts > 70, String(said.parts));
  assert.deepEqual(said.different, {}, 'what our files say and Katib has otherwise');
  const [before, after] = heard;
  assert.ok(before && after);
  const search = {
    objective: 'minimize',
    parameters: [
      { name: 'lr', type: 'double', min: 0.001, max: 1, distribution: 'logUniform' },
      { name: 'momentum', type: 'double', min: 0, max: 0.9, step: 0.1, distribution: 'normal' },
      { name: 'hidden', type: 'int', min: 2, max: 16, distribution: 'logNormal' },
      { name: 'batch', type: 'discrete', list: ['16', '32'] },
      { name: 'activation', type: 'categorical', list: ['tanh', 'relu'] },
    ],
    settings: { random_state: '7' },
    parallelTrialCount: 4,
    maxTrialCount: 20,
  };
  const trial = (index: number, state: string, value?: number) => ({
    index,
    assignments: { lr: `0.${index}`, activation: 'tänh' },
    labels: { rung: '0' },
    state,
    ...(value === undefined ? {} : { value }),
  });
  assert.deepEqual(before, [search, [], 0, 7]);
  const trials = [
    trial(0, 'running'),
    trial(1, 'running'),
    trial(2, 'succeeded', 0.25),
    trial(3, 'failed'),
    trial(4, 'failed'),
    trial(5, 'stopped', 0.1),
  ];
  assert.deepEqual(after, [search, trials, 7, 2]);

  assert.equal(said.first.parameterAssignments.length, 7);
  assert.match(said.second.parameterAssignments[1].trialName, /^xor-008x[0-9a-f]{6}$/);
  assert.deepEqual(said.second.parameterAssignments[1].assignments, [
    { name: 'lr', value: '0.8' },
    { name: 'activation', value: 'tänh' },
  ]);
  assert.deepEqual(said.second.parameterAssignments[1].labels, { 'xorflow.dev/index': '8', 'xorflow.dev/rung': '7' });
  assert.equal(said.second.algorithm.algorithmName, 'xorflow-recording');
  assert.deepEqual(
    said.second.algorithm.algorithmSettings.map(({ name }: { name: string }) => name),
    ['xorflow.dev/search'],
  );
  const unknown = `Wrong value "nobody's" at spec.algorithm.algorithmName: no such algorithm here`;
  assert.deepEqual(said.refusals, [
    ['INVALID_ARGUMENT', unknown],
    ['INVALID_ARGUMENT', unknown],
    ['UNIMPLEMENTED', 'The server does not implement the method /api.v1.beta1.EarlyStopping/SetTrialStatus'],
  ]);
  assert.equal(said.health, 'SERVING');
});
