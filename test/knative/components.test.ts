import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, suite, test } from 'node:test';
import { canBuild, type Kustomization, makeWorkbench, REDIS_ENV, type Workbench } from '../support/kustomize.ts';
import { breaches, RULES } from './rules/all.ts';
import { CLASS, CLASSES } from './rules/brokers.ts';
import {
  at,
  BROKER,
  type Fields,
  fieldsAt,
  functionPodsOf,
  type ManifestSet,
  nameOf,
  ofType,
  podsOf,
  stringAt,
  TRIGGER,
  typeOf,
} from './rules/set.ts';

const OVERLAYS = ['plain', 'kubeflow-profile', 'local'];
const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as Fields;

/** What a component of a broker brings along: the Broker and the object that its config names. */
function withoutBroker(set: ManifestSet): ManifestSet {
  const [broker] = ofType(set, BROKER);
  const config = at(broker, 'spec', 'config');
  const isOwn = (document: Fields) =>
    typeOf(document) === typeOf(config) && nameOf(document) === stringAt(config, 'name');
  return set.filter((document) => document !== broker && !isOwn(document));
}

const isBuilding = await canBuild();
let workbench: Workbench;
if (isBuilding) {
  workbench = await makeWorkbench(REDIS_ENV);
  after(() => workbench[Symbol.asyncDispose]());
}
const build = (kustomization: Kustomization) => workbench.build(kustomization);

suite('components', { skip: isBuilding ? false : 'no kubectl' }, () => {
  for (const overlay of OVERLAYS) {
    test(`${overlay}: another broker changes nothing but the Broker and its own config`, async () => {
      const [without, ...others] = await Promise.all([
        build({ overlay }),
        ...Object.keys(CLASSES).map((broker) => build({ overlay, components: [broker] })),
      ]);
      for (const set of others) assert.deepEqual(withoutBroker(set), withoutBroker(without ?? []));
      const classes = others.map((set) => at(ofType(set, BROKER)[0], 'metadata', 'annotations', CLASS));
      assert.deepEqual(classes, Object.values(CLASSES));
      const specs = others.map((set) => {
        const { config, ...rest } = fieldsAt(ofType(set, BROKER)[0], 'spec');
        assert.ok(config);
        return rest;
      });
      for (const spec of specs) assert.deepEqual(spec, ofType(without ?? [], BROKER)[0]?.spec);
    });
  }

  test('a component that touched a Trigger would be found', async () => {
    const [one, other] = await Promise.all([
      build({ overlay: 'plain' }),
      build({ overlay: 'plain', components: ['m2m-auth'] }),
    ]);
    assert.notDeepEqual(withoutBroker(other), withoutBroker(one));
  });

  test('components without a namespace of their own follow the overlay into its', async () => {
    for (const broker of Object.keys(CLASSES)) {
      const set = await build({ overlay: 'kubeflow-profile', components: [broker, 'redis'] });
      assert.deepEqual([...new Set(set.map((document) => at(document, 'metadata', 'namespace')))], ['xorflow']);
    }
  });

  test('redis: the functions and Redis share one Secret of the operator’s, and its password is nowhere else', async () => {
    const set = await build({ overlay: 'plain', components: ['broker-imc', 'redis'] });
    const [secret, ...more] = ofType(set, 'v1/Secret');
    assert.equal(nameOf(secret), 'xorflow-store');
    assert.deepEqual(more, []);
    const decoded = (key: string) => Buffer.from(stringAt(secret, 'data', key), 'base64').toString();
    const { hostname, port, password } = new URL(decoded('url'));
    assert.equal(password, decoded('password'));
    const [service] = ofType(set, 'v1/Service');
    assert.equal(hostname, nameOf(service));
    assert.equal(Number(port), at(service, 'spec', 'ports', 0, 'port'));
    assert.ok(!JSON.stringify(set.filter((document) => document !== secret)).includes(decoded('password')));
    assert.deepEqual(breaches(set, RULES), []);
  });

  test('redis: without the operator’s file nothing is built, and the file is named', async () => {
    await using empty = await makeWorkbench();
    await assert.rejects(empty.build({ overlay: 'plain', components: ['redis'] }), /redis\.env: no such file/);
  });

  test('m2m-auth: every Trigger and the dead letter sink say whom their token is for, where a Service subscribes', async () => {
    const set = await build({ overlay: 'kubeflow-profile', components: ['broker-imc', 'm2m-auth'] });
    const triggers = ofType(set, TRIGGER).filter(
      (trigger) => at(trigger, 'metadata', 'labels', 'xorflow.dev/subscriber') !== 'job',
    );
    for (const trigger of triggers) assert.equal(at(trigger, 'spec', 'subscriber', 'audience'), 'xorflow');
    assert.equal(at(ofType(set, BROKER)[0], 'spec', 'delivery', 'deadLetterSink', 'audience'), 'xorflow');
    assert.deepEqual(breaches(set, RULES), []);
  });

  test('local: the overlay is the base', async () => {
    assert.deepEqual(await build({ overlay: 'local' }), await build({}));
  });

  for (const overlay of ['plain', 'kubeflow-profile']) {
    test(`${overlay}: functions run the image of this version, from whatever registry the operator names`, async () => {
      const images = [{ name: 'xorflow', newName: 'registry.example/team/xorflow' }];
      const [released, own] = await Promise.all([build({ overlay }), build({ overlay, images })]);
      const imagesOf = (set: ManifestSet) => [...new Set(functionPodsOf(set).map(({ container }) => container.image))];
      assert.deepEqual(imagesOf(released), [`xorflow:${String(version)}`]);
      assert.deepEqual(imagesOf(own), [`registry.example/team/xorflow:${String(version)}`]);
    });

    test(`${overlay}: every function gets the settings of the cluster`, async () => {
      const set = await build({ overlay });
      assert.equal(at(ofType(set, 'v1/ConfigMap')[0], 'data', 'LOG_LEVEL'), 'info');
      const refs = podsOf(set).map(({ containers }) => at(containers[0], 'envFrom', 0, 'configMapRef', 'name'));
      assert.deepEqual([...new Set(refs)], ['xorflow-settings']);
    });
  }
});
