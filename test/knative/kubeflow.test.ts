import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { suite, test } from 'node:test';
import { canBuild, makeWorkbench } from '../support/kustomize.ts';
import { objectionsToObject } from './rules/kinds.ts';
import { admits } from './rules/kubeflow.ts';
import { type Fields, fieldsAt, listAt } from './rules/set.ts';

const PLATFORM = 'overlays/kubeflow-profile/platform';

const POLICIES = {
  [PLATFORM]: admits({
    namespace: 'istio-system',
    pods: { app: 'cluster-local-gateway' },
    from: ['knative-eventing', 'xorflow'],
    ports: [8080, 8081],
  }),
  [`${PLATFORM}/eventing-security`]: admits({
    namespace: 'knative-eventing',
    pods: { 'eventing.knative.dev/brokerRole': 'ingress' },
    from: ['xorflow'],
    ports: [8080],
  }),
};

/** Each of them lets in somebody who has no business there. */
const WIDER: readonly [behaviour: string, change: (policy: Fields) => void][] = [
  ['all pods', (policy) => Object.assign(fieldsAt(policy, 'spec'), { podSelector: {} })],
  ['every namespace', (policy) => listAt(policy, 'spec', 'ingress', 0, 'from').push({ namespaceSelector: {} })],
  ['every port', (policy) => Reflect.deleteProperty(fieldsAt(policy, 'spec', 'ingress', 0), 'ports')],
  ['everybody', (policy) => listAt(policy, 'spec', 'ingress').push({})],
];

suite('what the administrator of a Kubeflow cluster adds', { skip: (await canBuild()) ? false : 'no kubectl' }, () => {
  for (const [folder, rule] of Object.entries(POLICIES)) {
    test(`${folder}: ${rule.name}`, async () => {
      await using workbench = await makeWorkbench();
      const set = await workbench.buildFolder(folder);
      assert.deepEqual(rule.check(set), []);
      assert.deepEqual(set.flatMap(objectionsToObject), []);
      for (const [behaviour, change] of WIDER) {
        const wider = structuredClone(set);
        change(wider[0] ?? assert.fail());
        assert.notDeepEqual(rule.check(wider), [], behaviour);
      }
    });
  }
});

test('who installs Kubeflow is told what of Eventing to enable, in the manifests and on the page for operators', async () => {
  for (const file of [`knative/${PLATFORM}/kustomization.yaml`, 'docs/cluster.md']) {
    const text = await readFile(new URL(`../../${file}`, import.meta.url), 'utf8');
    for (const part of ['in-memory-channel.yaml', 'mt-channel-broker.yaml'])
      assert.ok(text.includes(part), `${file}: ${part}`);
  }
});
