import assert from 'node:assert/strict';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse, stringify } from 'yaml';
import { specSchema } from '../../events/spec.ts';
import { makeClient } from '../../functions/client/client.ts';
import { isLast } from '../../functions/client/logged.ts';
import { openPipelines } from '../../functions/pipelines/api.ts';
import { findCredentials } from '../../functions/pipelines/credentials.ts';
import { SOURCE } from '../../functions/pipelines/source.ts';
import { publish } from '../../kfp/remote/publish.ts';
import { startPlatform } from '../../knative/local/platform.ts';
import { type KfpOptions, startKfpApi } from '../support/kfp-api.ts';
import { makeFolder } from '../support/manifests.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const COMPONENT = join(ROOT, 'knative/components/kubeflow-runs');
const { signal } = new AbortController();
const SPEC = specSchema.parse({
  dataset: { trainSize: 400, validationSize: 100, testSize: 100 },
  training: { epochs: 20 },
});

/** The base with the component, but for the token, which there is none of on one machine; each delivery is tried once more. */
async function makeWhole(endpoint: string) {
  const folder = await makeFolder();
  await cp(join(ROOT, 'knative/base'), join(folder.path, 'base'), { recursive: true });
  const [service, trigger, settings] = await Promise.all(
    ['service', 'trigger', 'settings'].map(async (name) =>
      parse(await readFile(join(COMPONENT, `${name}.yaml`), 'utf8')),
    ),
  );
  delete service.spec.template.spec.volumes;
  delete service.spec.template.spec.containers[0].volumeMounts;
  Object.assign(trigger.spec.delivery, { retry: 1, backoffDelay: 'PT0.05S' });
  settings.data.KF_PIPELINES_ENDPOINT = endpoint;
  await writeFile(
    join(folder.path, 'runs.yaml'),
    [service, trigger, settings].map((one) => stringify(one)).join('---\n'),
  );
  await writeFile(join(folder.path, 'kustomization.yaml'), 'namespace: xorflow\nresources: [base, runs.yaml]\n');
  return folder;
}

/** Runs two experiments beside a server that behaves so: one that somebody asks for, one that a run asks for. */
async function runBeside(options: KfpOptions) {
  await using server = await startKfpApi(options);
  const credentials = findCredentials({ env: {}, projected: '/nowhere/token' });
  const api = await openPipelines({ url: server.url, namespacePlace: '--namespace', credentials }, signal);
  const file = await readFile(join(ROOT, 'kfp/pipeline.yaml'));
  await publish(api, { name: 'xorflow', file, description: '' }, signal);
  await using manifests = await makeWhole(server.url);
  await using data = await makeFolder();
  await using platform = await startPlatform({
    manifests: manifests.path,
    data: data.path,
    env: { LOG_LEVEL: 'silent' },
    log: () => undefined,
  });
  const client = makeClient(platform.urlOf('gateway'));
  const ids = [
    await client.request(SPEC, signal, { source: '/me', id: 'a', subject: 'mine' }),
    await client.request(SPEC, signal, { source: '/me', id: 'a', subject: 'mine' }),
    await client.request(SPEC, signal, { source: SOURCE, id: 'b', subject: 'of-a-run' }),
  ];
  const ends = await Promise.all(
    [...new Set(ids)].map(async (id) => {
      for await (const logged of client.follow(id, 0, signal)) if (isLast(logged)) return logged.event?.type;
      return 'nothing';
    }),
  );
  await platform.idle();
  const types = (await client.events('mine', signal)).map(({ event }) => event?.type);
  return { ends, failures: types.filter((type) => type === 'experiment.failed').length, runs: server.runs };
}

test('an experiment that is asked for twice has one run beside it; one that a run asks for has no other', async () => {
  const { ends, failures, runs } = await runBeside({});
  assert.deepEqual([ends, failures], [['experiment.completed', 'experiment.completed'], 0]);
  assert.deepEqual(
    runs.map(({ body }) => [body.display_name, body.runtime_config.parameters]),
    [['mine', { experiment: 'mine' }]],
  );
});

test('an experiment is completed all the same where Kubeflow Pipelines stays away, and nothing says that it failed', async () => {
  const away = new Array(50).fill(503);
  const { ends, failures, runs } = await runBeside({ failures: { 'GET /experiments': away } });
  assert.deepEqual([ends, failures, runs], [['experiment.completed', 'experiment.completed'], 0, []]);
});
