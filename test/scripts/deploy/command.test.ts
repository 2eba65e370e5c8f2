import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { startKubernetes } from '../../support/kubernetes/server.ts';
import { type Ended, runCommand, startCommand } from '../command.ts';
import { IMAGE, makeManifestTree } from './fixture.ts';

const STORE = ['--store-url', 'redis://:secret@host:6379'];

/** Runs `xorflow` with the small manifests; without a cluster where there is no kubeconfig. */
async function run(command: string, args: readonly string[], kubeconfig?: string): Promise<Ended> {
  await using tree = await makeManifestTree();
  const cluster = kubeconfig === undefined ? [] : ['--kubeconfig', kubeconfig];
  return await runCommand([command, '--overlay', tree.overlay('plain'), ...cluster, ...args], { cwd: tree.path });
}

test('deploy tells each object, when it is ready, and where events go; undeploy tells what is gone and what stays', async () => {
  await using kubernetes = await startKubernetes({ readyAfter: () => 100 });
  const deployed = await run('deploy', ['--image', IMAGE, '--redis', '--broker', 'imc'], kubernetes.kubeconfig);
  assert.equal(deployed.code, 0, deployed.stderr);
  assert.match(deployed.stderr, /^created: Namespace xorflow\ncreated: ConfigMap broker-imc in namespace xorflow\n/);
  assert.match(deployed.stderr, /\nready: Trigger record in namespace xorflow after [\d.]+ m?s\n/);
  assert.match(
    deployed.stdout,
    /^\nAll is ready in namespace xorflow of context test at \S+ after [\d.]+ m?s: 10 objects created, 0 applied\nBroker {3}http:\S+\/xorflow\/default\nGateway {2}http:\S+\n$/,
  );
  const undeployed = await run('undeploy', [], kubernetes.kubeconfig);
  assert.equal(undeployed.code, 0, undeployed.stderr);
  assert.match(undeployed.stderr, /^deleted: Trigger record in namespace xorflow\n/);
  assert.match(
    undeployed.stdout,
    /^kept: Namespace xorflow \(--all deletes it too\)\n\n9 objects deleted in namespace xorflow/,
  );
});

test('--json prints one document, and everything else goes to stderr', async () => {
  await using kubernetes = await startKubernetes();
  const args = ['--image', IMAGE, ...STORE, '--json'];
  const deployed = JSON.parse((await run('deploy', args, kubernetes.kubeconfig)).stdout) as Record<string, unknown>;
  assert.deepEqual(Object.keys(deployed), [
    'status',
    'namespace',
    'objects',
    'notReady',
    'held',
    'addresses',
    'durationMs',
  ]);
  assert.equal(deployed.status, 'ready');
  const diff = JSON.parse((await run('deploy', [...args, '--diff'], kubernetes.kubeconfig)).stdout) as object;
  assert.match(
    JSON.stringify(diff),
    /^\{"objects":\[\{"object":"Namespace xorflow","kind":"unchanged","changes":\[\]\}/,
  );
  const undeployed = JSON.parse((await run('undeploy', ['--json'], kubernetes.kubeconfig)).stdout) as object;
  assert.match(JSON.stringify(undeployed), /^\{"status":"gone","namespace":"xorflow","deleted":\["Trigger record/);
});

test('--diff shows what would change', async () => {
  await using kubernetes = await startKubernetes();
  await run('deploy', ['--image', IMAGE, ...STORE], kubernetes.kubeconfig);
  const { code, stdout } = await run('deploy', ['--image', `${IMAGE}.1`, '--diff'], kubernetes.kubeconfig);
  assert.equal(code, 0);
  assert.match(
    stdout,
    /^changed: Service gateway in namespace xorflow\n {2}. spec\.template\.spec\.containers\[0\]\.image: .*\n/m,
  );
  assert.match(stdout, /\n0 new, 2 changed, 4 unchanged\n$/);
});

test('--dry-run prints the YAML that would be applied and needs no cluster', async () => {
  const { code, stdout, stderr } = await run('deploy', ['--image', IMAGE, '--namespace', 'alice', '--dry-run']);
  assert.equal(code, 0);
  const kinds = parseAllDocuments(stdout).map((document) => (document.toJS() as { kind: string }).kind);
  assert.deepEqual(kinds, ['Namespace', 'Broker', 'SinkBinding', 'Service', 'JobSink', 'Trigger']);
  assert.match(stdout, /namespace: alice\n/);
  assert.match(
    stderr,
    /^note: the functions read the Secret xorflow-store, which has to be in namespace alice already/,
  );
  const withStore = await run('deploy', ['--image', IMAGE, ...STORE, '--dry-run', '--json']);
  assert.equal(withStore.stderr, '');
  assert.equal((JSON.parse(withStore.stdout) as { objects: unknown[] }).objects.length, 7);
});

test('what is not ready in time ends with 1, its reasons, and the same as a document', async () => {
  await using kubernetes = await startKubernetes({ readyAfter: ({ kind }) => (kind === 'Trigger' ? undefined : 0) });
  const args = ['--image', IMAGE, ...STORE, '--timeout', '0.3', '--json'];
  const { code, stdout, stderr } = await run('deploy', args, kubernetes.kubeconfig);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /\nnot ready:\n {2}Trigger record: no controller has looked at it: .*\nxorflow: Not ready within 0\.3 s in namespace xorflow: Trigger record; deploy again to go on waiting\n$/,
  );
  assert.equal((JSON.parse(stdout) as { status: string }).status, 'not-ready');
});

test('what does not go in time ends with 1', async () => {
  await using kubernetes = await startKubernetes({ finalizers: ({ kind }) => (kind === 'Trigger' ? ['x'] : []) });
  await run('deploy', ['--image', IMAGE, ...STORE], kubernetes.kubeconfig);
  const { code, stderr } = await run('undeploy', ['--timeout', '0.2'], kubernetes.kubeconfig);
  assert.equal(code, 1);
  assert.match(
    stderr,
    /^xorflow: Not gone within 0\.2 s: Trigger record in namespace xorflow \(it waits for x: .*\); undeploy again to go on\n$/,
  );
});

test('an interruption says that what is applied stays', async () => {
  await using kubernetes = await startKubernetes({ readyAfter: () => undefined });
  await using tree = await makeManifestTree();
  const args = ['deploy', '--overlay', tree.overlay('plain'), '--kubeconfig', kubernetes.kubeconfig, '--image', IMAGE];
  const started = startCommand([...args, ...STORE], { cwd: tree.path });
  await started.said('created: Service gateway');
  started.child.kill('SIGINT');
  const { code, stderr } = await started.ended;
  assert.equal(code, 130);
  assert.match(
    stderr,
    /\nxorflow: interrupted; what is applied stays: deploy again to go on, or "xorflow undeploy"\n$/,
  );
});

const USAGE = [
  [['--image', IMAGE, '--dry-run', '--diff'], /^xorflow: Both --dry-run and --diff: expected one of them/],
  [['--dry-run'], /^xorflow: No image for JobSink train-job: expected --image REF/],
  [['--image', IMAGE, '--timeout', 'soon'], /^xorflow: Wrong value "soon" at --timeout: expected seconds/],
  [['--image', IMAGE, '--kubeconfig', 'nothing'], /^xorflow: No file "nothing" at --kubeconfig\n$/],
] as const;

for (const [args, message] of USAGE) {
  test(`wrong usage ends with 2: deploy ${args.join(' ')}`, async () => {
    const { code, stderr } = await run('deploy', args);
    assert.equal(code, 2);
    assert.match(stderr, message);
  });
}

test('a context that the kubeconfig does not have is answered with those that it has', async () => {
  await using kubernetes = await startKubernetes();
  const { code, stderr } = await run('deploy', ['--image', IMAGE, '--context', 'prod'], kubernetes.kubeconfig);
  assert.equal(code, 2);
  assert.equal(stderr, 'xorflow: Wrong value "prod" at --context: expected one of test, other\n');
});

test('credentials that no program gives', async () => {
  await using tree = await makeManifestTree();
  const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'no-such-program', interactiveMode: 'Never' };
  const config = {
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
    users: [{ name: 'u', user: { exec } }],
    contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'c',
  };
  await writeFile(join(tree.path, 'config'), JSON.stringify(config));
  const args = ['deploy', '--overlay', tree.overlay('plain'), '--image', IMAGE, '--kubeconfig', 'config'];
  const { code, stderr } = await runCommand(args, { cwd: tree.path });
  assert.equal(code, 3);
  assert.match(
    stderr,
    /^xorflow: Cannot use the credentials of context c at \S+: spawn no-such-program ENOENT: log in again, or mend the kubeconfig\n$/,
  );
});

test('a kubeconfig that is none, and none at all', async () => {
  await using tree = await makeManifestTree();
  const args = ['deploy', '--overlay', tree.overlay('plain'), '--image', IMAGE];
  for (const text of ['a: [', '']) {
    await writeFile(join(tree.path, 'config'), text);
    const wrong = await runCommand([...args, '--kubeconfig', 'config'], { cwd: tree.path });
    assert.equal(wrong.code, 2);
    assert.match(wrong.stderr, /^xorflow: Cannot read the kubeconfig config: \S.*\n$/);
  }
  const none = await runCommand(args, { cwd: tree.path, env: { HOME: tree.path, KUBECONFIG: '' } });
  assert.equal(none.code, 3);
  assert.equal(
    none.stderr,
    'xorflow: No kubeconfig on this machine: expected --kubeconfig FILE, the variable KUBECONFIG or ~/.kube/config\n',
  );
});
