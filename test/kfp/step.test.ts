import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { specSchema } from '../../events/spec.ts';
import { openExecution } from '../../kfp/executor.ts';
import { PARAMETERS } from '../../kfp/parameters.ts';
import { specOf } from '../../kfp/steps/start.ts';
import { makeFolder, type TempFolder } from '../support/manifests.ts';

const STEP = fileURLToPath(new URL('../../kfp/step.ts', import.meta.url));
const DEFAULTS = Object.fromEntries(Object.entries(PARAMETERS).map(([name, { defaultValue }]) => [name, defaultValue]));

function inputOf(
  folder: TempFolder,
  parameterValues: Record<string, unknown>,
  artifacts: readonly string[] = [],
): string {
  return JSON.stringify({
    inputs: { parameterValues },
    outputs: {
      parameters: { experiment: { outputFile: join(folder.path, 'experiment') } },
      artifacts: Object.fromEntries(
        [...artifacts, 'executor-logs'].map((name) => [
          name,
          { artifacts: [{ name, uri: `minio://b/${name}`, customPath: join(folder.path, 'new', name) }] },
        ]),
      ),
      outputFile: join(folder.path, 'deep', 'output_metadata.json'),
    },
  });
}

async function runStep(args: readonly string[], env: Record<string, string> = {}, stopAfter?: Promise<unknown>) {
  const child = spawn(process.execPath, [STEP, ...args], { env: { PATH: process.env.PATH, ...env } });
  let log = '';
  child.stdout.on('data', (text) => (log += text));
  child.stderr.on('data', (text) => (log += text));
  void stopAfter?.then(() => child.kill('SIGTERM'));
  const [code] = await once(child, 'close');
  return { code, last: log.trim().split('\n').at(-1) ?? '' };
}

/** A gateway that answers every request as it is told. */
async function startGateway(answer: { status: number; body?: string; hangs?: boolean }) {
  const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
  const server = createServer((_request, response) => {
    ask();
    if (answer.hangs)
      return void response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': waiting\n\n');
    response.writeHead(answer.status, { 'content-type': 'application/problem+json' }).end(answer.body ?? '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    /** Resolves with the first request. */
    asked,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('what is no step or no ExecutorInput is told in one line, with exit code 1', async () => {
  assert.deepEqual(await runStep(['fly']), {
    code: 1,
    last: 'Wrong step "fly": expected one of start, generate, scatter, train, compare, report',
  });
  const { code, last } = await runStep(['start', '--executor_input', '{{$}}']);
  assert.equal(code, 1);
  assert.match(last, /^Wrong value of --executor_input: expected an ExecutorInput \(/);
});

test('a gateway that cannot be reached fails the step, and nothing is written', async () => {
  await using folder = await makeFolder();
  const parameters = { ...DEFAULTS, run_id: 'r1', gateway: 'http://127.0.0.1:9' };
  const { code, last } = await runStep(['start', '--executor_input', inputOf(folder, parameters)]);
  assert.equal(code, 1);
  assert.match(last, /^(?:Cannot reach the platform at http:\/\/127\.0\.0\.1:9|Wrong value "http:\/\/127\.0\.0\.1:9")/);
  assert.ok(!existsSync(join(folder.path, 'deep')));
});

test('what the gateway refuses is the last line, in its own words', async () => {
  await using folder = await makeFolder();
  const body = JSON.stringify({ status: 404, detail: 'No experiment "x": it is gone', code: 'NOT_FOUND' });
  await using gateway = await startGateway({ status: 404, body });
  const input = inputOf(folder, { experiment: 'x', gateway: gateway.url });
  assert.deepEqual(await runStep(['generate', '--executor_input', input]), {
    code: 1,
    last: 'No experiment "x": it is gone',
  });
});

test('a step gives up at its own deadline, and when its pod is stopped', async () => {
  await using folder = await makeFolder();
  await using gateway = await startGateway({ status: 200, hangs: true });
  const args = ['generate', '--executor_input', inputOf(folder, { experiment: 'x', gateway: gateway.url })];
  assert.deepEqual(await runStep(args, {}, gateway.asked), { code: 1, last: 'Stopped by SIGTERM' });
  assert.deepEqual(await runStep(args, { XORFLOW_STEP_DEADLINE: '1' }), { code: 1, last: 'Not done within 1 s' });
});

test('outputs go where the launcher says, folders made, and nothing is there before the end', async () => {
  await using folder = await makeFolder();
  const execution = openExecution(inputOf(folder, {}, ['report']));
  execution.setParameter('experiment', 'x');
  assert.equal(execution.fileOf('report', { display_name: 'Report' }), join(folder.path, 'new', 'report'));
  const file = join(folder.path, 'deep', 'output_metadata.json');
  assert.ok(existsSync(join(folder.path, 'new')) && !existsSync(file));
  execution.finish();
  assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), {
    parameterValues: { experiment: 'x' },
    artifacts: {
      report: { artifacts: [{ name: 'report', uri: 'minio://b/report', metadata: { display_name: 'Report' } }] },
    },
  });
});

test('NaN, an output that nobody declared, and a place that is none are refused', async () => {
  await using folder = await makeFolder();
  const execution = openExecution(inputOf(folder, {}, ['metrics']));
  assert.throws(() => execution.fileOf('metrics', { a: { b: [1, Number.NaN] } }), /Metadata of metrics hold NaN/);
  assert.throws(() => execution.fileOf('other'), /No output artifact other is declared/);
  assert.throws(() => execution.setParameter('other', 1), /No output parameter other is declared/);
  const elsewhere = JSON.parse(inputOf(folder, {}, ['metrics']));
  elsewhere.outputs.artifacts.metrics.artifacts[0] = { name: 'metrics', uri: 'ftp://b/metrics' };
  assert.throws(
    () => openExecution(JSON.stringify(elsewhere)).fileOf('metrics'),
    /Wrong value "ftp:\/\/b\/metrics" at outputs\.artifacts\.uri: expected one of minio:\/\//,
  );
});

test('parameters that are the defaults are the default experiment, and each goes to its place', () => {
  assert.deepEqual(specOf(DEFAULTS), specSchema.parse({}));
  const given = { dims: 3, train_size: 50, test_size: 20, epochs: 7, learning_rate: 0.5, seed: 9, size_hidden: 4 };
  const { dataset, training, models } = specOf({ ...DEFAULTS, ...given });
  assert.deepEqual([dataset.dims, dataset.trainSize, dataset.testSize, dataset.seed], [3, 50, 20, 9]);
  assert.deepEqual([training.epochs, training.learningRate, training.seed], [7, 0.5, 9]);
  assert.deepEqual(
    models.map(({ hidden }) => hidden),
    [[], [4]],
  );
});
