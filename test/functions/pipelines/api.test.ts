import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { TransientError, XorflowError } from '../../../events/errors.ts';
import { openPipelines } from '../../../functions/pipelines/api.ts';
import { type CredentialSources, findCredentials } from '../../../functions/pipelines/credentials.ts';
import { type KfpOptions, startKfpApi } from '../../support/kfp-api.ts';
import { makeFolder } from '../../support/manifests.ts';

const { signal } = new AbortController();
const NOBODY = { env: {}, projected: '/nowhere/token' };

function open(url: string, sources: CredentialSources = NOBODY, more: { namespace?: string; timeoutMs?: number } = {}) {
  return openPipelines({ url, namespacePlace: '--namespace', credentials: findCredentials(sources), ...more }, signal);
}

/** What it says where something goes wrong, on one line. */
async function sentenceOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => assert.fail('nothing went wrong'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof XorflowError, String(error));
  assert.doesNotMatch(error.message, /\n/);
  return `${error instanceof TransientError ? 'later' : 'never'} ${error.code}: ${error.message}`;
}

test('a server for one user is told no namespace; one of many users is asked nothing without', async () => {
  await using single = await startKfpApi();
  const api = await open(single.url, NOBODY, { namespace: 'alice' });
  assert.deepEqual([api.namespace, api.version], [undefined, '2.17.0']);
  assert.equal(await api.ensureExperiment('xorflow', signal), 'experiment-1');
  await using many = await startKfpApi({ multiUser: true });
  assert.match(await sentenceOf(open(many.url)), /^never INVALID_ARGUMENT: Missing --namespace: .* has many users/);
  const alice = await open(many.url, NOBODY, { namespace: 'alice' });
  await alice.ensureExperiment('xorflow', signal);
  assert.deepEqual(many.experiments, [{ id: 'experiment-1', name: 'xorflow', namespace: 'alice' }]);
});

test('an experiment is made once', async () => {
  await using server = await startKfpApi();
  const api = await open(server.url);
  const ids = [await api.ensureExperiment('a', signal), await api.ensureExperiment('a', signal)];
  const both = await Promise.all([api.ensureExperiment('b', signal), api.ensureExperiment('b', signal)]);
  assert.deepEqual([...ids, ...both], ['experiment-1', 'experiment-1', 'experiment-2', 'experiment-2']);
});

test('a token is read from its file for every request, and sent as a bearer', async () => {
  await using server = await startKfpApi({ token: 'two' });
  await using folder = await makeFolder();
  const file = join(folder.path, 'token');
  await writeFile(file, 'two\n');
  const api = await open(server.url, { ...NOBODY, tokenFile: file });
  assert.equal(server.lastHeaders.authorization, 'Bearer two');
  await writeFile(file, 'three\n');
  const sentence = await sentenceOf(api.ensureExperiment('x', signal));
  assert.match(
    sentence,
    /^never PLATFORM_UNREACHABLE: .* does not know who calls \(401\), it got the token in .*token/,
  );
  assert.doesNotMatch(sentence, /three/);
});

test('who calls is looked for in the option, the environment, a cookie and the pod, in this order', async () => {
  await using folder = await makeFolder();
  const files = ['option', 'named', 'pod'].map((name) => join(folder.path, name)) as [string, string, string];
  for (const [index, file] of files.entries()) await writeFile(file, String(index));
  const [option, named, pod] = files;
  const env = { KF_PIPELINES_SA_TOKEN_PATH: named, KF_PIPELINES_COOKIE: 'authservice_session=s' };
  const cookie = { KF_PIPELINES_COOKIE: env.KF_PIPELINES_COOKIE };
  const found = [
    findCredentials({ env, tokenFile: option, projected: pod }),
    findCredentials({ env, projected: pod }),
    findCredentials({ env: cookie, projected: pod }),
    findCredentials({ env: {}, projected: pod }),
    findCredentials(NOBODY),
  ];
  assert.deepEqual(await Promise.all(found.map((one) => one.headers())), [
    { authorization: 'Bearer 0' },
    { authorization: 'Bearer 1' },
    { cookie: 'authservice_session=s' },
    { authorization: 'Bearer 2' },
    {},
  ]);
});

test('a file without a token is named, with where its name came from', async () => {
  await using folder = await makeFolder();
  const file = join(folder.path, 'token');
  await writeFile(file, 'two words');
  const headers = (sources: CredentialSources) => sentenceOf(findCredentials(sources).headers());
  assert.match(
    await headers({ ...NOBODY, tokenFile: file }),
    /at --token-file: expected a file .*something beside it$/,
  );
  const env = { KF_PIPELINES_SA_TOKEN_PATH: join(folder.path, 'none') };
  assert.match(await headers({ ...NOBODY, env }), /none" at KF_PIPELINES_SA_TOKEN_PATH: .*it cannot be read \(ENOENT/);
  const cookie = { KF_PIPELINES_COOKIE: 'a\nb' };
  assert.throws(
    () => findCredentials({ ...NOBODY, env: cookie }),
    /^RejectedError: Wrong value in KF_PIPELINES_COOKIE/,
  );
});

test('a cookie opens what sends everybody else to a login page', async () => {
  await using server = await startKfpApi({ cookie: 'authservice_session=s' });
  await open(server.url, { ...NOBODY, env: { KF_PIPELINES_COOKIE: 'authservice_session=s' } });
  assert.match(
    await sentenceOf(open(server.url)),
    /^never PLATFORM_UNREACHABLE: .* wants a login and got no token: give --token-file, or the cookie .* KF_PIPELINES_COOKIE$/,
  );
});

test('who may not is told which right it takes, and where', async () => {
  await using server = await startKfpApi({ multiUser: true, forbid: ['POST /experiments'] });
  const api = await open(server.url, NOBODY, { namespace: 'alice' });
  assert.match(
    await sentenceOf(api.ensureExperiment('x', signal)),
    /^never .* refuses POST \/experiments \(403\): it takes the right to create experiments in namespace alice, bind the role kubeflow-pipelines-edit .* \(User is not authorized\)$/,
  );
});

test('nobody there, no answer, and a server that is ill are worth another attempt; the sentence says what to look at', async () => {
  const gone = await startKfpApi();
  await gone[Symbol.asyncDispose]();
  assert.match(
    await sentenceOf(open(gone.url)),
    /^later PLATFORM_UNREACHABLE: .*nobody listens there; is the port-forward/,
  );
  await using silent = await startKfpApi({ silent: true });
  const late = open(silent.url, NOBODY, { timeoutMs: 100 });
  assert.match(await sentenceOf(late), /^later .* no answer to GET \/healthz within 0\.1 s$/);
  await using ill = await startKfpApi({ failures: { 'GET /healthz': [503] } });
  assert.match(await sentenceOf(open(ill.url)), /^later .* answers GET \/healthz with 503 \(the test wants it so\)/);
});

test('what is no API of Kubeflow Pipelines is told apart from one, whatever it answers', async () => {
  const answers = { '/html': '<html>', '/json': '{}', '/list': '[]' };
  const other = createServer((request, response) => {
    const text = Object.entries(answers).find(([path]) => request.url?.startsWith(path))?.[1];
    response.writeHead(text === undefined ? 404 : 200, { 'content-type': 'text/html' }).end(text ?? 'nothing');
  });
  await new Promise<void>((done) => other.listen(0, '127.0.0.1', done));
  const { port } = other.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  for (const path of [...Object.keys(answers), '/none'])
    assert.match(
      await sentenceOf(open(`${url}${path}`)),
      /^never PLATFORM_UNREACHABLE: No API of Kubeflow Pipelines at/,
    );
  assert.match(await sentenceOf(open(url.replace('http:', 'https:'))), /^never .*it does not speak TLS, try http:\/\//);
  other.closeAllConnections();
  await new Promise((done) => other.close(done));
});

test('what the server says of a wrong parameter is passed on', async () => {
  await using server = await startKfpApi();
  const api = await open(server.url);
  const experiment = await api.ensureExperiment('x', signal);
  const file = Buffer.from('pipelineInfo: {name: p}\nroot: {inputDefinitions: {parameters: {}}}\n');
  const pipeline = await api.uploadPipeline('p', file, '', signal);
  const run = { name: 'r', experiment, pipeline, parameters: { dims: 2 } };
  assert.match(
    await sentenceOf(api.createRun(run, signal)),
    /^never INVALID_ARGUMENT: .* refuses POST \/runs with 400: Unknown parameter dims$/,
  );
  const upload = api.uploadPipeline('q', Buffer.from('no: pipeline'), '', signal);
  assert.match(await sentenceOf(upload), /refuses POST \/pipelines\/upload with 400: unknown template format$/);
});

test('a request that is called off ends with the reason for it', async () => {
  await using server = await startKfpApi({ silent: true } satisfies KfpOptions);
  const off = new AbortController();
  const options = { url: server.url, namespacePlace: '--namespace', credentials: findCredentials(NOBODY) };
  const asked = openPipelines(options, off.signal);
  off.abort(new Error('enough'));
  await assert.rejects(asked, /^Error: enough$/);
});
