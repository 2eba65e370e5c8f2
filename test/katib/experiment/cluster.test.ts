import assert from 'node:assert/strict';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { renderKustomization } from '../../../knative/kustomize/render.ts';
import { ACCESS_RULES } from '../../knative/rules/access.ts';
import { objectionsToObject } from '../../knative/rules/kinds.ts';
import { at, type Fields, nameOf, ofType } from '../../knative/rules/set.ts';
import { renderWithKubectl, sortObjects } from '../../support/kubectl.ts';
import { makeFolder, type TempFolder } from '../../support/manifests.ts';
import { FILES, KATIB, loadCommitted } from './fixture.ts';

const CLUSTER = join(KATIB, 'cluster');
const INJECTION = 'katib.kubeflow.org/metrics-collector-injection';
const PROFILE = 'namespace: alice\nresources: [cluster]\ncomponents: [cluster/profile]\n';

/** A kustomization beside a copy of the folder. */
async function makeOperator(text: string): Promise<TempFolder> {
  const folder = await makeFolder({ 'kustomization.yaml': text });
  await cp(CLUSTER, join(folder.path, 'cluster'), { recursive: true });
  return folder;
}

const objects = (await renderKustomization(CLUSTER)) as Fields[];

test('the namespace of the functions lets Katib collect metrics', async () => {
  const [namespace, ...others] = ofType(objects, 'v1/Namespace');
  const theirs = (await renderKustomization(join(KATIB, '../knative/base'))) as Fields[];
  const [same] = ofType(theirs, 'v1/Namespace');
  assert.deepEqual(others, []);
  assert.equal(nameOf(namespace), nameOf(same));
  assert.deepEqual(at(namespace, 'metadata', 'labels'), {
    ...(at(same, 'metadata', 'labels') as object),
    [INJECTION]: 'enabled',
  });
});

test('every Experiment is in that namespace, and its trials have an account there', async () => {
  const accounts = ofType(objects, 'v1/ServiceAccount').map(nameOf);
  for (const file of FILES) {
    const { metadata, spec } = (await loadCommitted(file)).experiment;
    assert.equal(metadata.namespace, nameOf(ofType(objects, 'v1/Namespace')[0]));
    assert.ok(accounts.includes(spec.trialTemplate.trialSpec.spec.template.spec.serviceAccountName ?? ''), file);
  }
});

test('a trial may read the logs of pods, and nothing else', () => {
  const [role] = ofType(objects, 'rbac.authorization.k8s.io/v1/Role');
  assert.deepEqual(at(role, 'rules'), [
    { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: [''], resources: ['pods/log'], verbs: ['get'] },
  ]);
  const [access] = ACCESS_RULES;
  assert.deepEqual(access?.check(objects), []);
  const [binding] = ofType(objects, 'rbac.authorization.k8s.io/v1/RoleBinding');
  assert.deepEqual(at(binding, 'subjects'), [{ kind: 'ServiceAccount', name: 'trial', namespace: 'xorflow' }]);
});

test('every object has only fields that its kind has', async () => {
  await using operator = await makeOperator(PROFILE);
  const profile = (await renderKustomization(operator.path)) as Fields[];
  assert.deepEqual([...objects, ...profile].flatMap(objectionsToObject), []);
});

test('in a profile, the namespace is left to its owner and everything is in it', async () => {
  await using operator = await makeOperator(PROFILE);
  const profile = (await renderKustomization(operator.path)) as Fields[];
  assert.deepEqual(ofType(profile, 'v1/Namespace'), []);
  assert.deepEqual([...new Set(profile.map((document) => at(document, 'metadata', 'namespace')))], ['alice']);
  const [binding] = ofType(profile, 'rbac.authorization.k8s.io/v1/RoleBinding');
  assert.equal(at(binding, 'subjects', 0, 'namespace'), 'alice');
});

test('both render to the objects that kubectl makes of them', async (context) => {
  await using operator = await makeOperator(PROFILE);
  for (const folder of [CLUSTER, operator.path]) {
    const theirs = renderWithKubectl(folder);
    if (theirs === undefined) return context.skip('no kubectl on this machine');
    assert.deepEqual(sortObjects(await renderKustomization(folder)), sortObjects(theirs));
  }
});

test('the label can be put on the namespace together with the functions', async () => {
  await using operator = await makeOperator('resources: [knative/overlays/plain]\ncomponents: [cluster/injection]\n');
  await cp(join(KATIB, '../knative'), join(operator.path, 'knative'), { recursive: true });
  const [namespace] = ofType((await renderKustomization(operator.path)) as Fields[], 'v1/Namespace');
  assert.equal(at(namespace, 'metadata', 'labels', INJECTION), 'enabled');
  assert.equal(at(namespace, 'metadata', 'labels', 'pod-security.kubernetes.io/enforce'), 'baseline');
});
