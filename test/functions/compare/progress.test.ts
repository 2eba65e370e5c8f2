import assert from 'node:assert/strict';
import { test } from 'node:test';
import { modelTrained } from '../../../events/registry.ts';
import { progressOf } from '../../../functions/compare/progress.ts';

const entry = (value: unknown, position = 1) => ({ position, key: String(position), value: JSON.stringify(value) });
const trained = (index: number, count: number, durationMs = 1) =>
  entry({ type: 'model.trained', data: { ...modelTrained.example, index, count, durationMs } });

test('an experiment is trained when each of its models is in, in whatever order', () => {
  assert.equal(progressOf([]).isTrained, false);
  assert.equal(progressOf([trained(1, 2)]).isTrained, false);
  const progress = progressOf([trained(1, 2), trained(0, 2)]);
  assert.equal(progress.isTrained, true);
  assert.deepEqual(
    progress.trainings.map(({ index }) => index),
    [0, 1],
  );
});

test('a redelivered model.trained is counted once', () => {
  assert.equal(progressOf([trained(1, 2), trained(1, 2)]).isTrained, false);
});

test('of two trainings of one model the first of the log counts', () => {
  const progress = progressOf([trained(0, 1, 5), trained(0, 1, 7)]);
  assert.deepEqual(
    progress.trainings.map(({ durationMs }) => durationMs),
    [5],
  );
});

test('what is no event of ours is passed over', () => {
  const noise = [
    { position: 1, key: 'a', value: 'no json' },
    entry(null),
    entry({ type: 'unknown' }),
    entry({ type: 'model.trained', data: { index: 0 } }),
  ];
  assert.deepEqual(progressOf(noise), { trainings: [], isTrained: false, isOver: false });
});

test('a failed or completed experiment is over', () => {
  for (const type of ['experiment.failed', 'experiment.completed'])
    assert.equal(progressOf([entry({ type })]).isOver, true);
});
