import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { exitCodeOf } from '../../../scripts/exit.ts';
import { makeValidator } from '../../support/crds.ts';
import { startKubernetes } from '../../support/kubernetes/server.ts';
import { deployTo, NAMESPACE, patched, planOf } from './fixture.ts';

/** What a deployment is refused with: the exit code and the sentence. */
async function refusalOf(work: Promise<unknown>): Promise<readonly [number, string]> {
  try {
    await work;
  } catch (error) {
    return [exitCodeOf(error), (error as Error).message];
  }
  return assert.fail('it was not refused');
}

test('definitions that are missing are named, all at once, with what to install, before anything is applied', async () => {
  await using kubernetes = await startKubernetes({ lacks: ['serving.knative.dev', 'sinks.knative.dev/v1alpha1'] });
  const [code, message] = await refusalOf(deployTo(kubernetes, await planOf({ storeUrl: 'redis://host' })));
  assert.equal(code, 3);
  assert.match(
    message,
    /^Not installed in context test at http:\S+: Knative Serving \(no services\.serving\.knative\.dev\) and a Knative Eventing that has JobSink \(no jobsinks\.sinks\.knative\.dev\): install it first, see https:\/\/knative\.dev\/docs\/install\/$/,
  );
  assert.deepEqual(patched(kubernetes), []);
});

test('credentials that are not accepted', async () => {
  await using kubernetes = await startKubernetes();
  const [code, message] = await refusalOf(deployTo(kubernetes, await planOf(), { context: 'other' }));
  assert.equal(code, 3);
  assert.match(
    message,
    /^The credentials of context other at \S+ are not accepted: log in again, or choose another --context$/,
  );
});

test('what is forbidden is told: who, the verb, the resource and the namespace', async () => {
  await using kubernetes = await startKubernetes({ forbids: ['patch brokers.eventing.knative.dev', 'get namespaces'] });
  const [code, message] = await refusalOf(deployTo(kubernetes, await planOf({ storeUrl: 'redis://host' })));
  assert.equal(code, 3);
  assert.match(
    message,
    /^Forbidden in context test at \S+: jane may not patch brokers\.eventing\.knative\.dev in namespace xorflow: ask for a Role that allows it$/,
  );
});

test('a namespace that is being deleted', async () => {
  const terminating = { ...NAMESPACE, status: { phase: 'Terminating' } };
  const expected = [3, 'Namespace xorflow is being deleted: wait until it is gone, then deploy again'];
  for (const forbids of [[], ['get namespaces']]) {
    await using kubernetes = await startKubernetes({ forbids });
    kubernetes.put(terminating);
    assert.deepEqual(
      await refusalOf(deployTo(kubernetes, await planOf({ storeUrl: 'redis://host', overlayName: 'guest' }))),
      expected,
    );
  }
});

test('a namespace that nobody brings', async () => {
  for (const forbids of [[], ['get namespaces']]) {
    await using kubernetes = await startKubernetes({ forbids });
    const plan = await planOf({ overlayName: 'guest', namespace: 'alice', storeUrl: 'redis://host' });
    const [code, message] = await refusalOf(deployTo(kubernetes, plan));
    assert.equal(code, 3);
    assert.match(message, /^No namespace alice in context test at \S+: create it.*--namespace$/);
  }
});

test('fields that somebody else manages are named with who does, and force takes them over', async () => {
  await using kubernetes = await startKubernetes();
  await deployTo(kubernetes, await planOf({ storeUrl: 'redis://host' }));
  const theirs = kubernetes.objects.get('Trigger/xorflow/record') ?? assert.fail();
  kubernetes.put({ ...theirs, spec: { ...(theirs.spec as object), broker: 'theirs' } }, 'kubectl-edit');
  const [code, message] = await refusalOf(deployTo(kubernetes, await planOf()));
  assert.equal(code, 2);
  assert.equal(
    message,
    'Trigger record in namespace xorflow is changed by others too: kubectl-edit manages spec.broker: --force-conflicts takes the fields over',
  );
  await deployTo(kubernetes, await planOf(), { force: true });
  assert.match(JSON.stringify(kubernetes.objects.get('Trigger/xorflow/record')), /"broker":"default"/);
});

test('whoever else changes the containers of a function is told', async () => {
  await using kubernetes = await startKubernetes({ binder: 'kubectl-edit' });
  await deployTo(kubernetes, await planOf({ storeUrl: 'redis://host' }));
  const [code, message] = await refusalOf(
    deployTo(kubernetes, await planOf({ image: 'registry.example/xorflow:2.0' })),
  );
  assert.equal(code, 2);
  assert.match(
    message,
    /^Service gateway in namespace xorflow is changed by others too: kubectl-edit manages spec\.template\.spec\.containers:/,
  );
});

test('an object that the cluster takes for invalid is named with the words of the API server', async (context) => {
  if ((await makeValidator()) === undefined) return context.skip('no schemas of custom resources');
  await using kubernetes = await startKubernetes();
  const plan = await planOf({ storeUrl: 'redis://host' });
  const withSpec = (kind: string, fields: object) => ({
    ...plan,
    objects: plan.objects.map((object) =>
      object.kind === kind ? { ...object, spec: { ...(object.spec as object), ...fields } } : object,
    ),
  });
  const [code, message] = await refusalOf(deployTo(kubernetes, withSpec('Service', { templte: {} })));
  assert.equal(code, 2);
  assert.match(
    message,
    /^The cluster refuses Service gateway in namespace xorflow as invalid: failed to create typed patch object .*templte.*: field not declared in schema$/,
  );
  const [, other] = await refusalOf(deployTo(kubernetes, withSpec('Trigger', { broker: 5 })));
  assert.match(
    other,
    /^The cluster refuses Trigger record .* as invalid: Trigger "record" is invalid: \/spec\/broker /,
  );
});

test('a Broker of another class has to be deleted first', async () => {
  await using kubernetes = await startKubernetes();
  await deployTo(kubernetes, await planOf({ broker: 'kafka', storeUrl: 'redis://host' }));
  const [code, message] = await refusalOf(deployTo(kubernetes, await planOf({ broker: 'imc' })));
  assert.equal(code, 2);
  assert.equal(
    message,
    'Broker default in namespace xorflow is of class Kafka, and a class cannot be changed to MTChannelBasedBroker: ' +
      'run "xorflow undeploy" first, or deploy without --broker',
  );
});

test('a Broker with another config has to be deleted first', async () => {
  await using kubernetes = await startKubernetes();
  await deployTo(kubernetes, await planOf({ storeUrl: 'redis://host' }));
  const [code, message] = await refusalOf(deployTo(kubernetes, await planOf({ broker: 'imc' })));
  assert.equal(code, 2);
  assert.match(
    message,
    /has the config ConfigMap config-br-default-channel, which cannot be changed to ConfigMap broker-imc/,
  );
});

test('a store that nobody names', async () => {
  await using kubernetes = await startKubernetes();
  const expected = [
    2,
    'No Secret xorflow-store in namespace xorflow: expected --redis, or --store-url such as redis://host:6379',
  ];
  assert.deepEqual(await refusalOf(deployTo(kubernetes, await planOf())), expected);
  kubernetes.put(NAMESPACE);
  assert.deepEqual(await refusalOf(deployTo(kubernetes, await planOf())), expected);
});

test('a cluster where nobody listens', async () => {
  const gone = await startKubernetes();
  await gone[Symbol.asyncDispose]();
  await using other = await startKubernetes();
  // The kubeconfig is gone with its server: that of another one, with the address of the first.
  await writeFile(other.kubeconfig, (await readFile(other.kubeconfig, 'utf8')).replace(other.url, gone.url));
  const [code, message] = await refusalOf(deployTo(other, await planOf()));
  assert.equal(code, 3);
  assert.match(
    message,
    /^Cannot reach the cluster of context test at \S+: nobody listens there: is the cluster up, is its address right\?$/,
  );
});
