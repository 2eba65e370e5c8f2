import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { parse, parseAllDocuments } from 'yaml';
import { METRICS } from '../../../events/search.ts';
import { countOf } from '../../../katib/algorithms/space.ts';
import { toEarlyStopping } from '../../../katib/experiment/early-stopping.ts';
import { toSearch } from '../../../katib/experiment/search.ts';
import { objectionsToObject } from '../../knative/rules/kinds.ts';
import { CRDS } from '../../support/crds.ts';
import { FILES, KATIB, loadCommitted } from './fixture.ts';

const { version } = JSON.parse(await readFile(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

test('every Experiment of the repository is one of these', async () => {
  const examples = (await readdir(join(KATIB, 'examples'))).map((file) => `examples/${file}`);
  assert.deepEqual([...FILES].sort(), ['experiment.yaml', ...examples].sort());
});

test('no two Experiments have the same name: a namespace keeps one of it', async () => {
  const names = await Promise.all(FILES.map(async (file) => (await loadCommitted(file)).experiment.metadata.name));
  assert.equal(new Set(names).size, FILES.length);
});

for (const file of FILES) {
  suite(`katib/${file}`, () => {
    test('is honoured as a whole, its spec kept as the file has it', async () => {
      const { rawSpec } = await loadCommitted(file);
      const document = parse(await readFile(join(KATIB, file), 'utf8')) as { spec: unknown };
      assert.deepEqual(rawSpec, document.spec);
    });

    test('is of the kind that the cluster defines', async (context) => {
      const text = await readFile(join(CRDS, 'katib-experiment.yaml'), 'utf8').catch(() => undefined);
      if (text === undefined) return context.skip(`no folder ${CRDS}`);
      const definition = parseAllDocuments(text)[0]?.toJS() as {
        spec: { group: string; scope: string; names: { kind: string }; versions: { name: string }[] };
      };
      const { group, scope, names, versions } = definition.spec;
      const { experiment } = await loadCommitted(file);
      assert.equal(experiment.apiVersion, `${group}/${versions[0]?.name}`);
      assert.equal(experiment.kind, names.kind);
      assert.equal(scope, 'Namespaced');
      assert.equal(experiment.metadata.namespace, 'xorflow');
    });

    test('has a template that is a Job, to the models of Kubernetes’ own client too', async () => {
      const { experiment } = await loadCommitted(file);
      assert.deepEqual(objectionsToObject(experiment.spec.trialTemplate.trialSpec), []);
    });

    test('runs the image of this version, as an account that may do little, with nothing to write to', async () => {
      const { experiment } = await loadCommitted(file);
      const { spec: pod } = experiment.spec.trialTemplate.trialSpec.spec.template;
      const [container] = pod.containers;
      assert.equal(container?.image, `xorflow:${version}`);
      assert.equal(pod.serviceAccountName, 'trial');
      assert.equal(pod.automountServiceAccountToken, false);
      assert.equal(pod.securityContext?.runAsNonRoot, true);
      assert.deepEqual(container.securityContext, {
        readOnlyRootFilesystem: true,
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
      });
      assert.ok(container.resources?.limits?.memory);
    });

    test('records every metric as it is at the end, where a line has them all', async () => {
      const { objective } = (await loadCommitted(file)).experiment.spec;
      const { objectiveMetricName, additionalMetricNames, metricStrategies } = objective;
      assert.deepEqual([objectiveMetricName, ...additionalMetricNames].sort(), [...METRICS].sort());
      assert.deepEqual([...new Set(metricStrategies.map(({ value }) => value))], ['latest']);
    });
  });
}

test('the default search has more to try than it has trials, and stops hopeless ones', async () => {
  const { spec } = (await loadCommitted('experiment.yaml')).experiment;
  const counts = toSearch(spec).parameters.map(countOf);
  assert.deepEqual(counts, [Number.POSITIVE_INFINITY, 31, 3, 3, 2, 3]);
  assert.deepEqual(toEarlyStopping(spec), { minTrialsRequired: 3, startStep: 10 });
  assert.equal(spec.resumePolicy, 'LongRunning');
});

test('the grid has exactly as many combinations as trials: Katib refuses more', async () => {
  const { spec } = (await loadCommitted('examples/grid.yaml')).experiment;
  const combinations = toSearch(spec)
    .parameters.map(countOf)
    .reduce((product, count) => product * count, 1);
  assert.equal(combinations, spec.maxTrialCount);
});

test('hyperband asks for a whole rung at once', async () => {
  const { spec } = (await loadCommitted('examples/hyperband.yaml')).experiment;
  const { settings, parameters } = toSearch(spec);
  const [most, eta] = [Number(settings.r_l), Number(settings.eta)];
  const rungs = Math.floor(Math.log(most) / Math.log(eta) + 1e-9);
  assert.equal(spec.parallelTrialCount, eta ** rungs);
  const resource = parameters.find(({ name }) => name === settings.resource_name);
  assert.ok(resource && 'max' in resource);
  assert.equal(resource.max, most);
});
