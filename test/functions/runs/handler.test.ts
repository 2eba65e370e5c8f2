import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { CloudEvent } from 'cloudevents';
import { makeEvent } from '../../../events/define.ts';
import { writeBinary } from '../../../events/envelope.ts';
import { toEnvelope } from '../../../events/read.ts';
import { experimentRequested } from '../../../events/registry.ts';
import { serve } from '../../../functions/host/serve.ts';
import { openPipelines } from '../../../functions/pipelines/api.ts';
import { findCredentials } from '../../../functions/pipelines/credentials.ts';
import { SOURCE } from '../../../functions/pipelines/source.ts';
import { startRun } from '../../../functions/runs/handler.ts';
import { definition } from '../../../functions/runs/index.ts';
import { publish } from '../../../kfp/remote/publish.ts';
import { makeTestDeps } from '../../support/deps.ts';
import { type KfpOptions, startKfpApi } from '../../support/kfp-api.ts';
import { makeFolder } from '../../support/manifests.ts';
import { makeMemoryStore } from '../../support/memory-store.ts';
import { startSink } from '../../support/sink.ts';

const { signal } = new AbortController();
const FILE = await readFile(new URL('../../../kfp/pipeline.yaml', import.meta.url));
const SUBJECT = 'xor-0123456789ab';

const request = makeEvent(experimentRequested, {
  source: '/me',
  id: '1',
  subject: SUBJECT,
  data: experimentRequested.example,
});

/** A server with the pipeline, in `namespace` or for all. */
async function startServer(options: KfpOptions = {}, namespace?: string) {
  const server = await startKfpApi(options);
  const credentials = findCredentials({ env: {}, projected: '/nowhere/token' });
  const api = await openPipelines({ url: server.url, namespacePlace: '--namespace', credentials, namespace }, signal);
  await publish(api, { name: 'xorflow', file: FILE, description: '' }, signal);
  return server;
}

const envOf = (url: string) => ({ KF_PIPELINES_ENDPOINT: url });

test('an experiment that somebody asks for gets a run that shows it, called as it is', async () => {
  await using server = await startServer();
  await using deps = await makeTestDeps({ env: envOf(server.url) });
  assert.deepEqual(await startRun(request, deps), []);
  assert.deepEqual(
    server.runs.map(({ body }) => body),
    [
      {
        display_name: SUBJECT,
        experiment_id: 'experiment-1',
        pipeline_version_reference: { pipeline_id: 'pipeline-1' },
        runtime_config: { parameters: { experiment: SUBJECT } },
      },
    ],
  );
});

test('a redelivered request starts no second run; another experiment gets its own', async () => {
  await using server = await startServer();
  await using deps = await makeTestDeps({ env: envOf(server.url) });
  await startRun(request, deps);
  await startRun(request, deps);
  await startRun(new CloudEvent<unknown>({ ...request.toJSON(), id: '2', subject: 'other' }), deps);
  assert.deepEqual(
    server.runs.map(({ body }) => body.display_name),
    [SUBJECT, 'other'],
  );
});

test('a run whose creation was not answered is found when the request is delivered again', async () => {
  await using server = await startServer({ loseRuns: 1 });
  await using deps = await makeTestDeps({ env: envOf(server.url) });
  await assert.rejects(startRun(request, deps), /^TransientError: Cannot reach Kubeflow Pipelines/);
  await startRun(request, deps);
  assert.equal(server.runs.length, 1);
});

test('an experiment that a run has asked for gets no other run', async () => {
  await using server = await startServer();
  await using deps = await makeTestDeps({ env: envOf(server.url) });
  const asked = server.requests.length;
  await startRun(new CloudEvent<unknown>({ ...request.toJSON(), source: SOURCE }), deps);
  assert.equal(server.requests.length, asked);
});

test('the id of an experiment without a subject is the one that everybody else derives', async () => {
  await using server = await startServer();
  await using deps = await makeTestDeps({ env: envOf(server.url) });
  const { subject: _, ...rest } = request.toJSON() as Record<string, unknown>;
  await startRun(new CloudEvent<unknown>(rest as Partial<CloudEvent<unknown>>), deps);
  assert.match(server.runs[0]?.body.display_name ?? '', /^xor-[0-9a-f]{12}$/);
});

test('with many users, namespace and gateway are those of the token, and a shared pipeline does where there is no own', async () => {
  await using folder = await makeFolder();
  const file = join(folder.path, 'token');
  const payload = Buffer.from(JSON.stringify({ sub: 'system:serviceaccount:alice:runs' })).toString('base64url');
  await writeFile(file, `e30.${payload}.sig`);
  await using server = await startServer({ multiUser: true }, 'alice');
  await using deps = await makeTestDeps({ env: { ...envOf(server.url), KF_PIPELINES_SA_TOKEN_PATH: file } });
  await startRun(request, deps);
  assert.deepEqual(
    server.experiments.map(({ namespace }) => namespace),
    ['alice'],
  );
  assert.deepEqual(server.runs[0]?.body.runtime_config.parameters, {
    experiment: SUBJECT,
    gateway: 'http://gateway.alice.svc.cluster.local',
  });
  server.pipelines.splice(0, 1, { ...(server.pipelines[0] ?? assert.fail()), namespace: '' });
  await startRun(new CloudEvent<unknown>({ ...request.toJSON(), id: '2', subject: 'other' }), deps);
  assert.equal(server.runs.length, 2);
});

test('whatever Kubeflow Pipelines refuses, the experiment does not hear of it; what may work later is tried again', async () => {
  const cases: readonly (readonly [options: KfpOptions, status: number])[] = [
    [{ forbid: ['POST /runs'] }, 204],
    [{ failures: { 'GET /runs': [503] } }, 503],
  ];
  await using sink = await startSink();
  for (const [options, status] of cases) {
    await using server = await startServer(options);
    const env = { PORT: '0', XORFLOW_STORE: 'embedded:unused', LOG_LEVEL: 'silent', K_SINK: sink.url };
    await using running = await serve(definition, { ...env, ...envOf(server.url) }, { store: makeMemoryStore() });
    const { headers, body } = writeBinary(toEnvelope(request));
    const response = await fetch(running.url, { method: 'POST', headers, body: new Uint8Array(body) });
    assert.equal(response.status, status);
  }
  assert.deepEqual(sink.received, []);
});

test('a pipeline that is not there is named, with how it gets there', async () => {
  await using server = await startKfpApi();
  await using deps = await makeTestDeps({ env: envOf(server.url) });
  await assert.rejects(
    startRun(request, deps),
    /^RejectedError: No pipeline xorflow at .*"xorflow pipeline upload" brings it$/,
  );
});

test('a request that comes back as a dead letter is let go', async () => {
  await using server = await startServer();
  await using deps = await makeTestDeps({ env: envOf(server.url) });
  const dead = new CloudEvent<unknown>({
    ...request.toJSON(),
    knativeerrorcode: '503',
    knativeerrordest: 'http://runs',
  });
  assert.deepEqual(await startRun(dead, deps), []);
  assert.deepEqual(server.runs, []);
});

test('a function that is not told where Kubeflow Pipelines is does not start, and says what is missing', async () => {
  const env = { PORT: '0', XORFLOW_STORE: 'embedded:unused', LOG_LEVEL: 'silent' };
  await assert.rejects(
    serve(definition, env, { store: makeMemoryStore() }),
    /Wrong value "" in KF_PIPELINES_ENDPOINT: expected a URL/,
  );
});
