import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { readTrialSettings } from '../../../katib/trial/settings.ts';
import { ROOT } from './program.ts';

const ENV = { KATIB_TRIAL_NAME: 'xor-abc', XORFLOW_GATEWAY: 'http://gateway.xorflow.svc.cluster.local/' };

suite('the settings of a trial', () => {
  test('have a default each, but for the gateway and the name', () => {
    assert.deepEqual(readTrialSettings(ENV), {
      name: 'xor-abc',
      gateway: 'http://gateway.xorflow.svc.cluster.local',
      lines: { from: 'gateway' },
      collectorSeconds: 120,
    });
  });

  test('by default mean the pods that knative/base gives the function train', () => {
    const { lines } = readTrialSettings({ ...ENV, XORFLOW_LINES: 'pods' });
    const [train] = parseAllDocuments(readFileSync(join(ROOT, 'knative/base/services.yaml'), 'utf8'))
      .map((document) => document.toJS())
      .filter(({ metadata }) => metadata.name === 'train');
    const { labels } = train.spec.template.metadata;
    const [container] = train.spec.template.spec.containers;
    const selector = `app.kubernetes.io/name=${labels['app.kubernetes.io/name']}`;
    assert.deepEqual(lines, { from: 'pods', selector, container: container.name });
  });

  test('say which pods, and where they are', () => {
    const { lines } = readTrialSettings({
      ...ENV,
      XORFLOW_LINES: 'pods',
      XORFLOW_TRAIN_SELECTOR: 'app in (a,b)',
      XORFLOW_TRAIN_NAMESPACE: 'jane',
      XORFLOW_TRAIN_CONTAINER: 'training',
    });
    assert.deepEqual(lines, { from: 'pods', selector: 'app in (a,b)', namespace: 'jane', container: 'training' });
  });

  for (const [name, value, rule] of [
    ['KATIB_TRIAL_NAME', 'a b', 'expected the name of a Kubernetes object, of at most 63 characters'],
    ['XORFLOW_GATEWAY', 'gateway:8080', 'expected a URL such as http://gateway.xorflow.svc.cluster.local'],
    ['XORFLOW_GATEWAY', 'http://g?x=1', 'expected a URL such as http://gateway.xorflow.svc.cluster.local'],
    ['XORFLOW_LINES', 'Pods', 'expected gateway or pods'],
    ['XORFLOW_TRAIN_NAMESPACE', 'a/b', 'expected the name of a namespace'],
    ['XORFLOW_TRAIN_CONTAINER', '../x', 'expected the name of a container'],
    ['XORFLOW_COLLECTOR_SECONDS', '-1', 'expected an integer from 0 to 3600'],
    ['XORFLOW_COLLECTOR_SECONDS', '9000', 'expected an integer from 0 to 3600'],
  ] as const) {
    test(`${name} is not ${JSON.stringify(value)}`, () => {
      const env = { XORFLOW_LINES: 'pods', ...ENV, [name]: value };
      const message = `Wrong value ${JSON.stringify(value)} in ${name}: ${rule}`;
      assert.throws(() => readTrialSettings(env), { code: 'INVALID_ARGUMENT', message });
    });
  }
});
