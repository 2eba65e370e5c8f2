import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { EventOf } from '../../../events/define.ts';
import { makeEvent } from '../../../events/define.ts';
import { keyOf } from '../../../events/ids.ts';
import { experimentFailed, type KnownEvent, modelsCompared, type modelTrained } from '../../../events/registry.ts';
import { type Compare, joinAndCompare } from '../../../functions/compare/handler.ts';
import { LOG } from '../../../functions/store/port.ts';
import { makeTestDeps, type TestDeps } from '../../support/deps.ts';
import { makeMemoryStore } from '../../support/memory-store.ts';
import { EXPERIMENT, makeExperiment } from './fixture.ts';

type Trained = EventOf<typeof modelTrained>;

/** A comparison that depends, as the real one does, on the trainings alone. */
const compare: Compare = async (trainings) => ({
  experiment: EXPERIMENT,
  models: trainings.map(({ index, model, train, validation, test: tested, weights, durationMs }) => ({
    ...modelsCompared.example.models[0],
    index,
    name: model.name,
    hidden: model.hidden,
    parameters: 3,
    engine: 'fused',
    train,
    validation,
    test: tested,
    auc: 1,
    weights: weights.weights.digest,
    durationMs,
  })),
  plots: modelsCompared.example.plots,
});

/** The gateway's part: what has gone through the broker is in the log. */
async function record(deps: TestDeps, events: readonly KnownEvent[]): Promise<void> {
  await deps.store.logs.append(
    LOG.events(EXPERIMENT),
    events.map((event) => ({ key: keyOf(event), value: JSON.stringify(event) })),
  );
}

const types = (events: readonly KnownEvent[]) => events.map(({ type }) => type);

async function experiment(dims = 2, names = ['a', 'b', 'c']) {
  await using store = makeMemoryStore();
  return makeExperiment(store, names, dims);
}

test('nothing is said until the last model is in; then the comparison and, with the plots of the points, the end', async () => {
  await using deps = await makeTestDeps();
  const { trained, plotted } = await experiment(2, ['a', 'b']);
  const [first, second] = trained as [Trained, Trained];
  assert.deepEqual(await joinAndCompare(first, deps, compare), []);
  assert.deepEqual(await joinAndCompare(plotted, deps, compare), []);
  const results = await joinAndCompare(second, deps, compare);
  assert.deepEqual(types(results), ['models.compared', 'experiment.completed']);
  const completed = results[1];
  assert.ok(completed?.type === 'experiment.completed');
  assert.deepEqual(
    completed.data?.plots.map((plot) => plot.name),
    ['scatter-train', 'test-accuracy'],
  );
  assert.deepEqual([completed.subject, completed.data?.experimentName], [EXPERIMENT, 'fixture']);
});

test('more than two dimensions are complete without plots of their points', async () => {
  await using deps = await makeTestDeps();
  const { trained } = await experiment(3, ['a']);
  const results = await joinAndCompare(trained[0] as Trained, deps, compare);
  assert.deepEqual(types(results), ['models.compared', 'experiment.completed']);
});

test('plots that come after the comparison complete the experiment with the comparison of the log', async () => {
  await using deps = await makeTestDeps();
  const { trained, plotted } = await experiment(2, ['a']);
  const compared = await joinAndCompare(trained[0] as Trained, deps, compare);
  assert.deepEqual(types(compared), ['models.compared']);
  await record(deps, compared);
  const never: Compare = () => assert.fail('compared again');
  const results = await joinAndCompare(plotted, deps, never);
  assert.deepEqual(types(results), ['experiment.completed']);
});

test('a comparison that never reached the log is sent again with the same id', async () => {
  await using deps = await makeTestDeps();
  const { trained, plotted } = await experiment(2, ['a']);
  const [lost] = await joinAndCompare(trained[0] as Trained, deps, compare);
  const results = await joinAndCompare(plotted, deps, compare);
  assert.deepEqual(types(results), ['models.compared', 'experiment.completed']);
  assert.deepEqual([results[0]?.id, results[0]?.data], [lost?.id, lost?.data]);
});

test('an experiment that is over stays as it is', async () => {
  const { trained } = await experiment(3, ['a']);
  await using failed = await makeTestDeps();
  await record(failed, [
    makeEvent(experimentFailed, { source: '/x', id: '1', subject: EXPERIMENT, data: experimentFailed.example }),
  ]);
  assert.deepEqual(await joinAndCompare(trained[0] as Trained, failed, compare), []);
  await using completed = await makeTestDeps();
  await record(completed, await joinAndCompare(trained[0] as Trained, completed, compare));
  assert.deepEqual(await joinAndCompare(trained[0] as Trained, completed, compare), []);
});

test('the event that it got is in the log, once', async () => {
  await using deps = await makeTestDeps();
  const { trained } = await experiment();
  const [first] = trained as [Trained];
  await joinAndCompare(first, deps, compare);
  await joinAndCompare(first, deps, compare);
  const log = await deps.store.logs.read(LOG.events(EXPERIMENT));
  assert.deepEqual(
    log.map(({ key }) => key),
    [keyOf(first)],
  );
});

test('in any order, repeated, at once, and with results that are lost, each result is one and the same', async () => {
  const { trained, plotted } = await experiment();
  const events = [...trained, plotted];
  const expected = new Map<string, unknown>();
  await using calm = await makeTestDeps();
  for (const event of events) {
    for (const result of await joinAndCompare(event, calm, compare)) expected.set(keyOf(result), result.data);
  }
  assert.equal(expected.size, 2);
  const indexes = events.map((_, index) => index);
  const deliveries = fc
    .tuple(fc.shuffledSubarray(indexes, { minLength: 4 }), fc.array(fc.constantFrom(...indexes), { maxLength: 6 }))
    .chain(([all, again]) => fc.shuffledSubarray([...all, ...again], { minLength: all.length + again.length }))
    .chain((order) =>
      fc.tuple(
        ...order.map((index) => fc.record({ index: fc.constant(index), atOnce: fc.boolean(), recorded: fc.boolean() })),
      ),
    );
  await fc.assert(
    fc.asyncProperty(deliveries, async (order) => {
      await using deps = await makeTestDeps();
      const results = new Map<string, unknown>();
      let running: Promise<void>[] = [];
      for (const { index, atOnce, recorded } of order) {
        const event = events[index];
        if (!event) continue;
        const handled = joinAndCompare(event, deps, compare).then(async (made) => {
          for (const result of made) {
            assert.deepEqual(result.data, expected.get(keyOf(result)), 'another result under this id');
            results.set(keyOf(result), result.data);
          }
          if (recorded) await record(deps, made);
        });
        running.push(handled);
        if (!atOnce) {
          await Promise.all(running);
          running = [];
        }
      }
      await Promise.all(running);
      assert.deepEqual(new Set(results.keys()), new Set(expected.keys()));
    }),
    { numRuns: 150 },
  );
});
