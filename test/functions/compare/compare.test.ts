import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeComparer } from '../../../functions/compare/comparer.ts';
import { makeEvaluator } from '../../../functions/compare/evaluator.ts';
import { definition } from '../../../functions/compare/index.ts';
import { makeTestDeps } from '../../support/deps.ts';
import { makeMemoryStore } from '../../support/memory-store.ts';
import { makeExperiment } from './fixture.ts';

test('trained models become a table with areas and parameters, and six plots that the store holds', async () => {
  await using comparer = makeComparer();
  await using deps = await makeTestDeps({ definition });
  const { trained } = await makeExperiment(deps.store, ['0 hidden layers', '1 hidden layer']);
  const trainings = trained.flatMap(({ data }) => data ?? []);
  const [compared, twin] = await Promise.all([comparer.compare(trainings, deps), comparer.compare(trainings, deps)]);
  assert.equal(twin, compared, 'two that wait at once wait for one comparison');
  assert.deepEqual(
    compared.models.map(({ index, name, parameters }) => [index, name, parameters]),
    [
      [0, '0 hidden layers', 3],
      [1, '1 hidden layer', 17],
    ],
  );
  assert.equal(compared.models[1]?.auc, 1);
  assert.equal(compared.models[1]?.weights, trainings[1]?.weights.weights.digest);
  assert.deepEqual(
    compared.plots.map(({ name }) => name),
    ['test-accuracy', 'loss', 'accuracy', 'confusion', 'roc', 'decision-surface'],
  );
  for (const plot of compared.plots) {
    for (const { digest, size } of [plot.png, plot.html, plot.spec]) {
      assert.equal((await deps.store.artifacts.get(digest)).length, size);
    }
  }
  assert.deepEqual(await comparer.compare(trainings, deps), compared, 'the same trainings, the same bytes');
});

test('the function starts, compares and stops', async () => {
  await using deps = await makeTestDeps({ definition });
  await definition.init?.(deps);
  const { trained } = await makeExperiment(deps.store, ['a'], 3);
  const results = await Promise.all(trained.map((event) => definition.handle(event, deps)));
  assert.deepEqual(
    results.flat().map(({ type }) => type),
    ['models.compared', 'experiment.completed'],
  );
});

test('a model is looked at once, however often it is asked for, and again where its artifacts were not there', async () => {
  await using evaluator = makeEvaluator();
  await using store = makeMemoryStore();
  const { trained } = await makeExperiment(store, ['a', 'b'], 3);
  const [first, second] = trained.map(({ data }) => data);
  assert.ok(first && second);
  await using empty = makeMemoryStore();
  await assert.rejects(evaluator.look(first, empty), { code: 'NOT_FOUND' });
  const evaluation = await evaluator.look(first, store);
  assert.equal(await evaluator.look(first, store), evaluation);
  assert.notEqual(await evaluator.look({ ...first, count: 100 }, store), evaluation, 'more models, fewer points each');
  assert.notDeepEqual(await evaluator.look(second, store), evaluation);
});
