import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { findPlatform } from '../../../knative/local/lock.ts';
import { type PlatformLogEvent, type PlatformOptions, startPlatform } from '../../../knative/local/platform.ts';
import { identityOf, isAlive } from '../../../knative/local/process-identity.ts';
import {
  brokerYaml,
  makeFolder,
  makeManifests,
  serviceYaml,
  sinkBindingYaml,
  triggerYaml,
} from '../../support/manifests.ts';
import { startSink } from '../../support/sink.ts';

const ROOT = fileURLToPath(new URL('../../support/fixtures/', import.meta.url));
const STORE =
  'env:\n  - name: XORFLOW_STORE\n    valueFrom:\n      secretKeyRef:\n        name: xorflow-store\n        key: url';
const LOUD = `${STORE}\n  - name: LOG_LEVEL\n    value: silent`;
const MANIFESTS = [
  brokerYaml,
  sinkBindingYaml,
  serviceYaml('relay', { container: LOUD }),
  serviceYaml('recorder', { container: LOUD, labels: 'emits: nothing' }),
  triggerYaml('relay', 'relay', 'filter:\n  attributes:\n    type: experiment.requested'),
  triggerYaml('record', 'recorder'),
];

async function start(options: Partial<PlatformOptions> = {}, documents: readonly string[] = MANIFESTS) {
  const manifests = await makeManifests(...documents);
  const data = await makeFolder();
  const log: PlatformLogEvent[] = [];
  const dispose = async () => {
    await manifests[Symbol.asyncDispose]();
    await data[Symbol.asyncDispose]();
  };
  try {
    const platform = await startPlatform({
      manifests: manifests.path,
      data: data.path,
      root: ROOT,
      log: (event) => log.push(event),
      ...options,
    });
    const close = async () => {
      await platform.close();
      await dispose();
    };
    return { platform, log, data: data.path, [Symbol.asyncDispose]: close };
  } catch (error) {
    await dispose();
    throw error;
  }
}

async function post(url: string, id: string): Promise<void> {
  const headers = {
    'ce-specversion': '1.0',
    'ce-id': id,
    'ce-source': '/test',
    'ce-type': 'experiment.requested',
    'ce-subject': 'xor-1',
  };
  const answer = await fetch(url, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: '{}',
  });
  assert.equal(answer.status, 202);
}

async function json(url: string): Promise<unknown> {
  const answer = await fetch(url);
  return answer.json();
}

/** Resolves with the first log entry of a name that fulfils a condition. */
async function entry<N extends PlatformLogEvent['name']>(log: readonly PlatformLogEvent[], name: N, nth = 1) {
  for (;;) {
    const found = log.filter((event) => event.name === name);
    if (found.length >= nth) return found[nth - 1] as Extract<PlatformLogEvent, { name: N }>;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

for (const isolation of ['in-process', 'process'] as const) {
  test(`${isolation}: an event that is posted to the broker brings about what its Triggers say`, async () => {
    await using started = await start({ isolation });
    const { platform, log } = started;
    assert.equal(platform.namespace, 'test');
    assert.match(platform.brokerUrl, /^http:\/\/127\.0\.0\.1:\d+\/test\/default$/);
    await post(platform.brokerUrl, '1');
    await platform.idle();
    const recorded = (await json(`${platform.urlOf('recorder')}/recorded`)) as string[];
    assert.deepEqual(recorded.sort(), ['experiment.failed', 'experiment.requested']);
    const printed = log.flatMap((event) =>
      event.name === 'function:output' ? [`${event.service} ${event.stream} ${event.line}`] : [],
    );
    assert.ok(printed.includes('recorder stdout recorded experiment.failed'), printed.join('\n'));
  });

  test(`${isolation}: a function gets its manifest's environment, what Serving injects, and its sink: nothing else`, async () => {
    const env = `${LOUD}\n  - name: K_SINK\n    value: http://wrong\n  - name: HOST\n    value: 0.0.0.0\n  - name: GREETING\n    value: $(XORFLOW_STORE)!`;
    await using store = await makeFolder();
    const overrides = `${sinkBindingYaml}\n  ceOverrides:\n    extensions:\n      team: red`;
    await using started = await start(
      {
        isolation,
        secrets: { 'xorflow-store': { url: `embedded:${store.path}` } },
        env: { EXTRA: 'yes', GREETING: 'lost' },
      },
      [brokerYaml, overrides, serviceYaml('relay', { container: env })],
    );
    const { PORT, ...rest } = (await json(`${started.platform.urlOf('relay')}/env`)) as Record<string, string>;
    assert.match(PORT ?? '', /^\d+$/);
    assert.deepEqual(rest, {
      EXTRA: 'yes',
      GREETING: `embedded:${store.path}!`,
      HOST: '127.0.0.1',
      K_CE_OVERRIDES: '{"extensions":{"team":"red"}}',
      K_CONFIGURATION: 'relay',
      K_REVISION: 'relay-00001',
      K_SERVICE: 'relay',
      K_SINK: started.platform.brokerUrl,
      LOG_LEVEL: 'silent',
      XORFLOW_STORE: `embedded:${store.path}`,
    });
  });

  test(`${isolation}: a function that cannot start stops the platform's start, and nothing is left behind`, async () => {
    const manifests = [...MANIFESTS, serviceYaml('broken', { container: LOUD })];
    await using data = await makeFolder();
    await assert.rejects(start({ isolation, data: data.path }, manifests), /No oil in the engine/);
    assert.equal(await findPlatform(data.path), undefined);
    await using again = await start({ isolation, data: data.path });
    assert.equal((await fetch(`${again.platform.urlOf('relay')}/pid`)).status, 200);
  });
}

test('process: a function that dies is started again, and requests wait for it', async () => {
  await using started = await start({ isolation: 'process' });
  const { platform, log } = started;
  const relay = platform.urlOf('relay');
  const first = await json(`${relay}/pid`);
  assert.notEqual(first, process.pid);
  assert.equal((await fetch(`${relay}/crash`)).status, 502);
  const { code, service } = await entry(log, 'function:exited');
  assert.deepEqual({ code, service }, { code: 3, service: 'relay' });
  assert.notEqual(await json(`${relay}/pid`), first);
});

test('process: closing ends the functions, even one that holds on to a request', async () => {
  const started = await start({ isolation: 'process' }, [
    brokerYaml,
    sinkBindingYaml,
    serviceYaml('relay', { container: LOUD }).replace('timeoutSeconds: 10', 'timeoutSeconds: 1'),
  ]);
  const relay = started.platform.urlOf('relay');
  const pid = Number(await json(`${relay}/pid`));
  const hanging = fetch(`${relay}/hang`);
  await Promise.all([started[Symbol.asyncDispose](), hanging.catch(() => undefined)]);
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
});

test('process: the functions end with a platform that is killed', async () => {
  await using manifests = await makeManifests(brokerYaml, sinkBindingYaml, serviceYaml('relay', { container: LOUD }));
  await using data = await makeFolder();
  const holder = fileURLToPath(new URL('../../support/fixtures/hold-platform.ts', import.meta.url));
  const child = spawn(process.execPath, [holder, manifests.path, data.path, ROOT], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const pid = Number(await json(`${line.toString().trim()}/pid`));
  child.kill('SIGKILL');
  await once(child, 'exit');
  while (await isAlive(await identityOf(pid))) await new Promise((resolve) => setTimeout(resolve, 10));
});

test('what was not delivered before the end is delivered after the next start', async () => {
  await using data = await makeFolder();
  const away = MANIFESTS.map((text) => text.replace('name: recorder\n  delivery', ''));
  {
    // A subscriber that answers nothing for as long as this platform lives.
    const silent = createServer(() => undefined).listen(0, '127.0.0.1');
    await new Promise((resolve) => silent.once('listening', resolve));
    const { port } = silent.address() as AddressInfo;
    const uri = `http://127.0.0.1:${port}/`;
    const record = triggerYaml('record', 'recorder').replace(/ {4}ref:\n(?: {6}.*\n)+/, `    uri: ${uri}\n`);
    const first = await start({ data: data.path }, [...away.slice(0, -1), record]);
    const arrived = new Promise((resolve) => silent.once('request', resolve));
    await post(first.platform.brokerUrl, '7');
    await arrived;
    silent.closeAllConnections();
    silent.close();
    await first[Symbol.asyncDispose]();
  }
  await using second = await start({ data: data.path });
  await second.platform.idle();
  const recorded = (await json(`${second.platform.urlOf('recorder')}/recorded`)) as string[];
  assert.ok(recorded.includes('experiment.requested'), recorded.join());
});

test('a dead letter names the Service that did not take the event, as on a cluster, and a URL as it is', async () => {
  await using sink = await startSink();
  const dead = `delivery:\n  retry: 0\n  deadLetterSink:\n    uri: ${sink.url}`;
  const nowhere = triggerYaml('lost', 'relay', dead).replace('name: relay\n', 'name: relay\n    uri: /nowhere\n');
  const url = triggerYaml('away', 'relay', dead).replace(/ {4}ref:\n(?: {6}.*\n)+/, '    uri: http://127.0.0.1:1/\n');
  await using started = await start({}, [...MANIFESTS, nowhere, url]);
  await post(started.platform.brokerUrl, '1');
  await started.platform.idle();
  const lost = sink.received.filter(({ attributes }) => attributes.id === '1');
  assert.deepEqual(lost.map(({ attributes }) => attributes.knativeerrordest).sort(), [
    'http://127.0.0.1:1/',
    'http://relay.test.svc.cluster.local/nowhere',
  ]);
});

test('a running platform is found by its data folder, and no longer when it is closed', async () => {
  await using data = await makeFolder();
  const started = await start({ data: data.path });
  assert.deepEqual(await findPlatform(data.path), { pid: process.pid, url: started.platform.brokerUrl });
  await assert.rejects(start({ data: data.path }), { code: 'STORE_LOCKED' });
  await started[Symbol.asyncDispose]();
  assert.equal(await findPlatform(data.path), undefined);
});

test('a Service gets the port that is asked for; a taken one stops the start with its number', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  const { port } = other.address() as AddressInfo;
  await assert.rejects(start({ ports: { relay: port } }), {
    code: 'PORT_IN_USE',
    message: new RegExp(`Port ${port} `),
  });
  await new Promise((resolve) => other.close(resolve));
  await using started = await start({ ports: { relay: port } });
  assert.equal(started.platform.urlOf('relay'), `http://127.0.0.1:${port}`);
});

test('a port for a Service that is not there is refused, with those that are', async () => {
  await assert.rejects(start({ ports: { gatewai: 1 } }), {
    code: 'INVALID_ARGUMENT',
    message: 'No Service "gatewai" for a port: expected one of relay, recorder',
  });
});

test('a Secret that nobody supplies is named by the path that asks for it', async () => {
  const missing = serviceYaml('relay', {
    container: 'env:\n  - name: KEY\n    valueFrom:\n      secretKeyRef:\n        name: nowhere\n        key: url',
  });
  await assert.rejects(start({}, [brokerYaml, sinkBindingYaml, missing]), {
    code: 'INVALID_MANIFEST',
    message:
      'No key "url" in Secret "nowhere" at service/relay spec.template.spec.containers.0.env.0.valueFrom: expected a Secret of the manifests, or one that the platform is started with',
  });
});

test('values of Secrets and ConfigMaps of the manifests reach the function', async () => {
  const configMap = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: tuning\ndata:\n  COLOUR: blue';
  const secret = `apiVersion: v1\nkind: Secret\nmetadata:\n  name: keys\ndata:\n  TOKEN: ${Buffer.from('s3').toString('base64')}`;
  const from = `${LOUD}\nenvFrom:\n  - configMapRef:\n      name: tuning\n  - prefix: MY_\n    secretRef:\n      name: keys\n  - secretRef:\n      name: nowhere\n      optional: true`;
  await using started = await start({}, [
    brokerYaml,
    sinkBindingYaml,
    configMap,
    secret,
    serviceYaml('relay', { container: from }),
  ]);
  const env = (await json(`${started.platform.urlOf('relay')}/env`)) as Record<string, string>;
  assert.deepEqual([env.COLOUR, env.MY_TOKEN], ['blue', 's3']);
});
