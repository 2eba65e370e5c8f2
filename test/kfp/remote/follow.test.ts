import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TransientError } from '../../../events/errors.ts';
import { openPipelines } from '../../../functions/pipelines/api.ts';
import { findCredentials } from '../../../functions/pipelines/credentials.ts';
import { type Change, followRun } from '../../../kfp/remote/follow.ts';
import { type KfpOptions, startKfpApi } from '../../support/kfp-api.ts';

const { signal } = new AbortController();

/** Follows a run of a server that behaves so. */
async function follow(options: KfpOptions, away = 1_000) {
  await using server = await startKfpApi(options);
  const credentials = findCredentials({ env: {}, projected: '/nowhere/token' });
  const api = await openPipelines({ url: server.url, namespacePlace: '--namespace', credentials }, signal);
  const file = Buffer.from('pipelineInfo: {name: p}\nroot: {inputDefinitions: {parameters: {}}}\n');
  const pipeline = await api.uploadPipeline('p', file, '', signal);
  const experiment = await api.ensureExperiment('x', signal);
  const { run_id } = await api.createRun({ name: 'r', experiment, pipeline, parameters: {} }, signal);
  const changes: Change[] = [];
  const run = await followRun(api, run_id, signal, { every: 1, away, tell: (change) => changes.push(change) });
  return {
    run,
    lines: changes.map(({ task = 'run', state, reason }) => `${task} ${state}${reason ? ` ${reason}` : ''}`),
  };
}

test('every state of the run and of its tasks is told once; what the server puts before a step is not', async () => {
  const { run, lines } = await follow({ course: ['PENDING', 'PENDING', 'RUNNING', 'RUNNING', 'SUCCEEDED'] });
  assert.equal(run.state, 'SUCCEEDED');
  assert.deepEqual(lines, [
    'run PENDING',
    'start SUCCEEDED',
    'generate RUNNING',
    'run RUNNING',
    'generate SUCCEEDED',
    'run SUCCEEDED',
  ]);
});

test('a run that fails says why, one that is cancelled ends too, and an unknown state is no end', async () => {
  const failed = await follow({ course: ['RUNNING', 'FAILED'] });
  assert.equal(failed.lines.at(-1), 'run FAILED a step failed\nfor the test');
  assert.equal((await follow({ course: ['CANCELING', 'CANCELED'] })).run.state, 'CANCELED');
  assert.equal((await follow({ course: ['DREAMING', 'SUCCEEDED'] })).run.state, 'SUCCEEDED');
});

test('a server that is away for a while is waited for, one that stays away is not', async () => {
  const { run } = await follow({ failures: { 'GET /runs/run-1': [503, 502, 500] } });
  assert.equal(run.state, 'SUCCEEDED');
  await assert.rejects(follow({ failures: { 'GET /runs/run-1': new Array(100).fill(503) } }, 20), TransientError);
});

test('a run that is gone is told at once', async () => {
  await assert.rejects(follow({ failures: { 'GET /runs/run-1': [404] } }), /refuses GET \/runs\/run-1 with 404/);
});
