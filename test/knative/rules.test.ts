import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { loadManifests } from '../../knative/local/manifests.ts';
import { breaches, RULES } from './rules/all.ts';
import { CLASS, CLASS_RULES } from './rules/brokers.ts';
import { targetOf } from './rules/changes.ts';
import { PROFILE_RULES } from './rules/kubeflow.ts';
import { OBJECT_CASES } from './rules/object-cases.ts';
import { SERVICE_CASES } from './rules/service-cases.ts';
import { type Fields, fieldsAt, podsOf, SERVICE, typeOf } from './rules/set.ts';
import { TOPOLOGY_CASES } from './rules/topology-cases.ts';

const KNATIVE = fileURLToPath(new URL('../../knative', import.meta.url));
const FILES = [
  ...['service-account', 'stateful-set', 'service', 'network-policy'].map((name) => `components/redis/${name}.yaml`),
  'components/broker-imc/config.yaml',
  'overlays/kubeflow-profile/authorization-policy.yaml',
];
const SECRET = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'xorflow-store' },
  data: { url: 'dQ==', password: 'cA==' },
};

/** Everything at once: the base, Redis, a broker's config, and what a profile adds. */
async function makeWhole(): Promise<Fields[]> {
  const base = (await loadManifests(`${KNATIVE}/base`)).map(({ document }) => document as Fields);
  const texts = await Promise.all(FILES.map((file) => readFile(`${KNATIVE}/${file}`, 'utf8')));
  const more = texts.flatMap((text) => parseAllDocuments(text)).map((document) => document.toJS() as Fields);
  const whole = structuredClone([...base.filter(({ kind }) => kind !== 'Namespace'), ...more, SECRET]) as Fields[];
  for (const document of whole) fieldsAt(document, 'metadata').namespace = 'xorflow';
  for (const { owner, labels } of podsOf(whole))
    Object.assign(labels, { 'sidecar.istio.io/inject': typeOf(owner) === SERVICE ? 'true' : 'false' });
  const broker = targetOf(whole, 'broker');
  fieldsAt(broker, 'metadata', 'annotations')[CLASS] = 'MTChannelBasedBroker';
  fieldsAt(broker, 'spec').config = { apiVersion: 'v1', kind: 'ConfigMap', name: 'broker-imc' };
  return whole;
}

const rules = [...RULES, ...CLASS_RULES, ...PROFILE_RULES];
const cases = [...SERVICE_CASES, ...TOPOLOGY_CASES, ...OBJECT_CASES];
const whole = await makeWhole();

test('the set that the refusals below start from breaks no rule', () => {
  assert.deepEqual(breaches(whole, rules), []);
});

for (const [name, behaviour, change] of cases) {
  test(`refused: ${behaviour} (${name} …)`, () => {
    const [rule, ...more] = rules.filter((candidate) => candidate.name.startsWith(name));
    assert.ok(rule && more.length === 0, `${name}: expected the beginning of one rule's name`);
    const set = structuredClone(whole);
    change(set);
    assert.notDeepEqual(rule.check(set), []);
  });
}

test('every rule is broken by something', () => {
  const idle = rules.filter(({ name }) => !cases.some(([beginning]) => name.startsWith(beginning)));
  assert.deepEqual(
    idle.map(({ name }) => name),
    [],
  );
});
