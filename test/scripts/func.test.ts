import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { loadManifests } from '../../knative/local/manifests.ts';
import { toTopology } from '../../knative/local/topology.ts';
import { assemble } from '../../scripts/func.ts';
import { ROOT } from '../../scripts/tool.ts';
import { makeFolder } from '../support/manifests.ts';

interface FuncYaml {
  readonly name: string;
  readonly run: { readonly envs: readonly { name: string; value: string }[] };
  readonly deploy: {
    readonly labels: readonly { key: string; value: string }[];
    readonly healthEndpoints: { readonly liveness: string; readonly readiness: string };
    readonly options: {
      readonly scale: { readonly max: number };
      readonly resources: { requests: object; limits: { cpu: string; memory: string; concurrency: number } };
    };
    readonly subscriptions: readonly { source: string; filters: object }[];
  };
}

const FUNCTIONS = join(ROOT, 'functions');
const NAMES = readdirSync(FUNCTIONS).filter((name) => existsSync(join(FUNCTIONS, name, 'func.yaml')));

/** What the test reads of a Service, as it stands in the file. */
interface Service {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
      readonly spec: {
        readonly containerConcurrency: number;
        readonly containers: readonly [{ resources: { requests: object; limits: object } }];
      };
    };
  };
}

describe('func.yaml says what knative/base says', async () => {
  const manifests = await loadManifests(join(ROOT, 'knative', 'base'));
  const { triggers } = toTopology(manifests);
  const documents = manifests.map(({ document }) => document as Service);
  for (const name of NAMES) {
    test(name, async () => {
      const { deploy, run, ...func } = parse(await readFile(join(FUNCTIONS, name, 'func.yaml'), 'utf8')) as FuncYaml;
      const { metadata, spec } =
        documents.find(({ kind, metadata }) => kind === 'Service' && metadata.name === name) ?? assert.fail(name);
      const { containerConcurrency, containers } = spec.template.spec;
      const { scale, resources } = deploy.options;
      const { concurrency, ...limits } = resources.limits;
      assert.equal(func.name, name);
      assert.equal(concurrency, containerConcurrency);
      assert.equal(run.envs.find((env) => env.name === 'XORFLOW_CONCURRENCY')?.value, String(concurrency));
      assert.deepEqual({ requests: resources.requests, limits }, containers[0].resources);
      assert.equal(String(scale.max), spec.template.metadata.annotations['autoscaling.knative.dev/max-scale']);
      for (const path of Object.values(deploy.healthEndpoints)) assert.ok(JSON.stringify(containers).includes(path));
      for (const { key, value } of deploy.labels) assert.equal(metadata.labels[key], value, key);
      const filters = triggers
        .filter(({ spec }) => spec.subscriber.ref?.name === name)
        .map(({ spec }) => ({ source: spec.broker, filters: spec.filter?.attributes }));
      assert.deepEqual(deploy.subscriptions, filters);
    });
  }
});

test('the folder for func holds one function and the rooms that all share, and starts by npm start on PORT', async () => {
  await using folder = await makeFolder();
  const out = join(folder.path, 'generate');
  await assemble('generate', out);
  const rooms = readdirSync(join(out, 'functions'));
  assert.ok(rooms.includes('generate') && rooms.includes('host') && !rooms.includes('train'), rooms.join());
  const { main, scripts, dependencies } = JSON.parse(await readFile(join(out, 'package.json'), 'utf8')) as {
    main: string;
    scripts: { start: string };
    dependencies: Readonly<Record<string, string>>;
  };
  assert.ok(existsSync(join(out, main)) && existsSync(join(out, 'func.yaml')));
  assert.ok('faas-js-runtime' in dependencies && !('node' in dependencies));
  await symlink(join(ROOT, 'node_modules'), join(out, 'node_modules'));
  const child = spawn('sh', ['-c', `exec ${scripts.start}`], {
    cwd: out,
    env: {
      PATH: [join(ROOT, 'node_modules', '.bin'), join(process.execPath, '..'), process.env.PATH].join(':'),
      PORT: '0',
      FUNC_LOG_LEVEL: 'info',
      XORFLOW_STORE: `embedded:${join(folder.path, 'store')}`,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  const exited = once(child, 'close');
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => {
      said += text;
      if (said.includes('Server listening')) child.kill('SIGTERM');
    });
  }
  assert.equal((await exited)[0], 0, said);
  assert.match(said, /Server listening/);
});

test('a function that is none is named, with those that are', async () => {
  await using folder = await makeFolder();
  await assert.rejects(
    assemble('gateway', folder.path),
    /Unknown function "gateway": expected one of compare, generate/,
  );
});
