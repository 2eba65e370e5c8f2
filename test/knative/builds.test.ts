import assert from 'node:assert/strict';
import { after, suite, test } from 'node:test';
import { CRDS, makeValidator } from '../support/crds.ts';
import { canBuild, type Kustomization, makeWorkbench, REDIS_ENV } from '../support/kustomize.ts';
import { RULES } from './rules/all.ts';
import { CLASS_RULES } from './rules/brokers.ts';
import { hasPublishedSchema } from './rules/kinds.ts';
import { PROFILE_RULES } from './rules/kubeflow.ts';
import { at, listAt, type ManifestSet, ofType } from './rules/set.ts';

const OVERLAYS = ['plain', 'kubeflow-profile', 'local'];
const BROKERS = ['broker-imc', 'broker-kafka', 'broker-rabbitmq'];

const VARIANTS: readonly Kustomization[] = OVERLAYS.flatMap((overlay) => [
  { overlay },
  ...BROKERS.map((broker) => ({ overlay, components: [broker] })),
  ...BROKERS.map((broker) => ({ overlay, components: [broker, 'redis'], namespace: 'somebody' })),
  { overlay, components: ['kubeflow-runs'], namespace: 'somebody' },
]);

function rulesFor({ overlay, components = [] }: Kustomization) {
  return [
    ...RULES,
    ...(components.some((name) => name.startsWith('broker-')) ? CLASS_RULES : []),
    ...(overlay === 'kubeflow-profile' ? PROFILE_RULES : []),
  ];
}

const isBuilding = await canBuild();

suite('built manifests', { skip: isBuilding ? false : 'no kubectl' }, async () => {
  if (!isBuilding) return;
  const validate = await makeValidator();
  const workbench = await makeWorkbench(REDIS_ENV);
  after(() => workbench[Symbol.asyncDispose]());

  for (const variant of VARIANTS) {
    const { overlay, components = [], namespace } = variant;
    const title = [overlay, ...components, ...(namespace ? [`in ${namespace}`] : [])].join(' + ');
    suite(title, async () => {
      const set: ManifestSet = await workbench.build(variant);
      for (const rule of rulesFor(variant)) test(rule.name, () => assert.deepEqual(rule.check(set), []));

      test('an account that is given a Role is named with its namespace, without which the cluster refuses it', () => {
        for (const binding of ofType(set, 'rbac.authorization.k8s.io/v1/RoleBinding'))
          for (const subject of listAt(binding, 'subjects'))
            assert.equal(subject.namespace, at(binding, 'metadata', 'namespace'));
      });

      test('every custom resource is valid against the schema that the cluster has for it', (context) => {
        if (validate === undefined) return context.skip(`no folder ${CRDS}`);
        const resources = set.filter(hasPublishedSchema);
        assert.ok(resources.length > 0);
        assert.deepEqual(resources.flatMap(validate), []);
      });
    });
  }
});
