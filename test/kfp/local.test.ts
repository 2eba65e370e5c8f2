import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { specSchema } from '../../events/spec.ts';
import { makeClient } from '../../functions/client/client.ts';
import { stateOf } from '../../functions/client/logged.ts';
import { loadPipeline } from '../../kfp/local/load.ts';
import { type RunOptions, type RunResult, runPipeline } from '../../kfp/local/run.ts';
import { startPlatform } from '../../knative/local/platform.ts';
import { runExperiment } from '../../scripts/experiment.ts';
import { makeFolder, type TempFolder } from '../support/manifests.ts';

const FILE = fileURLToPath(new URL('../../kfp/pipeline.yaml', import.meta.url));
const BASE = fileURLToPath(new URL('../../knative/base', import.meta.url));
const SMALL = { train_size: 400, test_size: 100, epochs: 60 };
const never = new AbortController().signal;

let folder: TempFolder;
let gateway = '';
let close: () => Promise<void>;

before(async () => {
  folder = await makeFolder();
  const data = join(folder.path, 'data');
  const platform = await startPlatform({ manifests: BASE, data, env: { LOG_LEVEL: 'silent' }, log: () => undefined });
  gateway = platform.urlOf('gateway');
  close = platform.close;
});

after(async () => {
  await close();
  await folder[Symbol.asyncDispose]();
});

interface Ran extends RunResult {
  readonly said: string[];
  readonly starts: string[];
}

async function run(parameters: Record<string, unknown>, more: Partial<RunOptions> = {}): Promise<Ran> {
  const said: string[] = [];
  const starts: string[] = [];
  const { onStart, ...rest } = more;
  const result = await runPipeline(await loadPipeline(FILE), {
    run: crypto.randomUUID(),
    parameters: { gateway, ...parameters },
    folder: join(folder.path, crypto.randomUUID()),
    signal: never,
    haste: 100,
    onOutput: (path, _stream, line) => void said.push(`${path}: ${line}`),
    onStart: (path, child) => {
      starts.push(path);
      onStart?.(path, child);
    },
    ...rest,
  });
  return { ...result, said, starts };
}

const statesOf = ({ tasks }: RunResult) => Object.fromEntries(tasks.map(({ path, state }) => [path, state]));
const taskOf = ({ tasks }: RunResult, path: string) => tasks.find((task) => task.path === path) ?? assert.fail(path);

function artifactOf(result: RunResult, path: string, name: string) {
  return taskOf(result, path).artifacts.find((artifact) => artifact.name === name) ?? assert.fail(`${path} ${name}`);
}

/** The digests of data and weights that a run shows. */
function digestsOf(result: RunResult): unknown {
  return result.tasks
    .flatMap(({ path, artifacts }) =>
      artifacts.flatMap(({ name, metadata }) => {
        const digest = metadata.digest ?? metadata.weights;
        return digest === undefined ? [] : [`${path} ${name} ${String(digest)}`];
      }),
    )
    .sort();
}

test('in two dimensions every step is green and shows what it saw', async () => {
  const id = crypto.randomUUID();
  const result = await run(SMALL, { run: id });
  assert.equal(result.state, 'SUCCEEDED', result.said.join('\n'));
  assert.deepEqual(statesOf(result), {
    'exit-handler-1/start': 'COMPLETE',
    'exit-handler-1/generate': 'COMPLETE',
    'exit-handler-1/condition-1/scatter': 'COMPLETE',
    'exit-handler-1/condition-1': 'COMPLETE',
    'exit-handler-1/for-loop-1[0]/train': 'COMPLETE',
    'exit-handler-1/for-loop-1[1]/train': 'COMPLETE',
    'exit-handler-1/for-loop-1': 'COMPLETE',
    'exit-handler-1/compare': 'COMPLETE',
    'exit-handler-1': 'COMPLETE',
    report: 'COMPLETE',
  });
  const classification = artifactOf(result, 'exit-handler-1/for-loop-1[1]/train', 'classification').metadata;
  const { confusionMatrix, confidenceMetrics } = classification as {
    confusionMatrix: { annotationSpecs: unknown[]; rows: { row: number[] }[] };
    confidenceMetrics: Record<string, number>[];
  };
  assert.equal(confusionMatrix.annotationSpecs.length, 2);
  assert.equal(
    confusionMatrix.rows.flatMap(({ row }) => row).reduce((sum, count) => sum + count, 0),
    100,
  );
  for (const point of confidenceMetrics) {
    assert.deepEqual(Object.keys(point), ['confidenceThreshold', 'falsePositiveRate', 'recall']);
    assert.ok(Object.values(point).every(Number.isFinite));
  }
  const { metadata } = artifactOf(result, 'exit-handler-1/compare', 'metrics');
  assert.equal(Object.keys(metadata).length, 8);
  for (const [path, name] of [
    ['condition-1/scatter', 'plots'],
    ['compare', 'plots'],
  ] as const) {
    const page = await readFile(artifactOf(result, `exit-handler-1/${path}`, name).path, 'utf8');
    assert.doesNotMatch(page, /(?:src|href)="(?!data:)/, 'the page asks for nothing');
    assert.match(page, /^<!doctype html>/);
  }
  const summary = await readFile(artifactOf(result, 'exit-handler-1/compare', 'summary').path, 'utf8');
  assert.match(summary, new RegExp(`\\[run-${id}\\]\\(${gateway}/experiments/run-${id}\\)`));
  const file = await readFile(artifactOf(result, 'exit-handler-1/generate', 'train').path);
  assert.equal(file.subarray(0, 6).toString(), 'ARROW1');
});

test('in three dimensions the plot of the points is skipped and the rest is green', async () => {
  const result = await run({ ...SMALL, dims: 3 });
  assert.equal(result.state, 'SUCCEEDED');
  const states = statesOf(result);
  assert.equal(states['exit-handler-1/condition-1'], 'SKIPPED');
  assert.ok(!('exit-handler-1/condition-1/scatter' in states));
  assert.equal(states['exit-handler-1/compare'], 'COMPLETE');
});

test('any number of models, and the digests of the same experiment without a pipeline', async () => {
  const models = [
    { name: 'a', hidden: [] },
    { name: 'b', hidden: [8] },
    { name: 'c', hidden: [4, 4], activation: 'tanh' },
  ];
  const result = await run({ ...SMALL, dims: 3, seed: 7, models });
  assert.equal(result.state, 'SUCCEEDED');
  const spec = specSchema.parse({
    dataset: { dims: 3, trainSize: 400, testSize: 100, seed: 7 },
    training: { epochs: 60, seed: 7 },
    models,
  });
  const { state } = await runExperiment(makeClient(gateway), spec, { screen: { write: () => true }, signal: never });
  const weights = state.table.map(({ weights: digest }) => digest);
  const shown = [0, 1, 2].map(
    (index) => artifactOf(result, `exit-handler-1/for-loop-1[${index}]/train`, 'model').metadata.weights,
  );
  assert.deepEqual(shown, weights);
  assert.equal(artifactOf(result, 'exit-handler-1/generate', 'train').metadata.digest, state.dataset?.train.digest);
});

test('a run shows an experiment that exists, and starts nothing', async () => {
  const first = await run(SMALL, { run: '11111111-2222-3333-4444-555555555555' });
  const experiment = 'run-11111111-2222-3333-4444-555555555555';
  const second = await run({ experiment, dims: 5 });
  assert.equal(second.state, 'SUCCEEDED');
  assert.deepEqual(digestsOf(second), digestsOf(first));
  const again = await run(SMALL, { run: '11111111-2222-3333-4444-555555555555' });
  assert.deepEqual(digestsOf(again), digestsOf(first));
  const events = await makeClient(gateway).events(experiment, never);
  assert.equal(events.filter(({ event }) => event?.type === 'experiment.requested').length, 1, 'asked for once');
});

test('a step that is killed is tried again, and the run is as if nothing had happened', async () => {
  const calm = await run({ ...SMALL, seed: 3 });
  const killed = new Set<string>();
  const result = await run(
    { ...SMALL, seed: 3 },
    {
      onStart: (path, child) => {
        // Every step that touches the chain, once: in the middle of what it does.
        if (killed.has(path) || path === 'report') return;
        killed.add(path);
        setTimeout(() => child.kill('SIGKILL'), 250);
      },
    },
  );
  assert.equal(result.state, 'SUCCEEDED', result.said.join('\n'));
  assert.ok(result.tasks.some(({ attempts }) => attempts > 1));
  assert.deepEqual(digestsOf(result), digestsOf(calm));
});

test('an experiment that fails makes the run fail, and the report names stage, reason and event', async () => {
  const models = [{ name: 'wild', hidden: [16, 16, 16, 16], optimizer: 'sgd' }];
  const result = await run({ train_size: 300, epochs: 50, learning_rate: 100, models });
  assert.equal(result.state, 'FAILED');
  const failed = taskOf(result, 'exit-handler-1/for-loop-1[0]/train');
  const sentence =
    /The experiment failed at train with DIVERGED: Loss or weights no longer finite at epoch \d+ of model "wild".* \(event training\.requested \/xorflow\/train [0-9a-f]{32}\)$/;
  assert.match(failed.reason ?? '', sentence);
  assert.equal(statesOf(result)['exit-handler-1/compare'], 'SKIPPED');
  const report = await readFile(artifactOf(result, 'report', 'report').path, 'utf8');
  assert.match(report, /^# The run failed\n/);
  assert.match(report.trim(), sentence);
});

test('wrong parameters fail the first step with one sentence; what KFP itself refuses never begins', async () => {
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ dims: 65 }, /Wrong value 65 at dataset\.dims: expected an integer from 2 to 64$/],
    [{ preset: 'nothing' }, /Wrong value "nothing" at preset: expected one of default, course$/],
    [{ models: [{ name: 'x' }] }, /models\.0\.hidden/],
    [{ experiment: 'no-such' }, /No experiment "no-such"/],
  ];
  const results = await Promise.all(cases.map(([parameters]) => run(parameters)));
  for (const [index, result] of results.entries()) {
    assert.equal(result.state, 'FAILED');
    assert.match(taskOf(result, 'exit-handler-1/start').reason ?? '', cases[index]?.[1] ?? /^$/);
    assert.equal(statesOf(result).report, 'COMPLETE');
  }
  await assert.rejects(run({ dims: 'two' }), /Wrong value "two" at dims: expected NUMBER_INTEGER/);
  await assert.rejects(run({ dim: 2 }), /Unknown parameter "dim": expected one of dims, epochs/);
});

test('the preset decides what is not given, a parameter wins over it', async () => {
  const result = await run({ preset: 'course', train_size: 300, test_size: 100, epochs: 20, size_hidden: 8, dims: 3 });
  assert.equal(result.state, 'SUCCEEDED');
  const experiment = /experiment (run-\S+),/.exec(result.said.join('\n'))?.[1] ?? '';
  const { spec } = stateOf(experiment, await makeClient(gateway).events(experiment, never));
  assert.deepEqual(
    spec?.models.map(({ hidden }) => hidden),
    [
      [8, 8],
      [8, 8, 8],
    ],
  );
  assert.deepEqual([spec?.name, spec?.training.learningRate, spec?.training.epochs], ['course', 0.001, 20]);
});
