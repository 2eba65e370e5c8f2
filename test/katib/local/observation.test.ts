import assert from 'node:assert/strict';
import { test } from 'node:test';
import { collect } from '../../../katib/local/collector.ts';
import { type MetricStrategy, observe } from '../../../katib/local/observation.ts';
import type { MetricRow } from '../../../katib/local/rows.ts';

const BY: readonly MetricStrategy[] = [
  { name: 'accuracy', value: 'max' },
  { name: 'loss', value: 'min' },
  { name: 'epoch', value: 'latest' },
];

function rowsOf(name: string, ...values: readonly (readonly [value: string, second?: number])[]): MetricRow[] {
  return values.map(([value, second]) => ({
    name,
    value,
    timestamp: second === undefined ? undefined : `2026-11-23T10:00:${String(second).padStart(2, '0')}Z`,
  }));
}

function accuracyOf(...values: readonly (readonly [value: string, second?: number])[]) {
  const [accuracy] = observe(rowsOf('accuracy', ...values), BY).metrics;
  return [accuracy?.min, accuracy?.max, accuracy?.latest];
}

test('a trial has the smallest, the largest and the latest value of each metric, as printed', () => {
  const log = [
    '2026-11-23T10:00:01Z trial/a epoch=1 accuracy=0.50 loss=7e-1',
    '2026-11-23T10:00:02Z trial/a epoch=2 accuracy=+.9 loss=0.20',
    '2026-11-23T10:00:03Z trial/a epoch=3 accuracy=0.8 loss=0.30',
  ];
  const observation = observe(collect(log, ['accuracy', 'loss', 'epoch']), BY);
  assert.deepEqual(observation.metrics, [
    { name: 'accuracy', min: '0.50', max: '+.9', latest: '0.8' },
    { name: 'loss', min: '0.20', max: '7e-1', latest: '0.30' },
    { name: 'epoch', min: '1', max: '3', latest: '3' },
  ]);
  assert.deepEqual(
    BY.map(({ name }) => observation.resultOf(name)),
    ['+.9', '0.20', '3'],
  );
});

test('the latest value is that of the newest time, wherever it was printed', () => {
  assert.deepEqual(accuracyOf(['0.1', 3], ['0.3', 1], ['0.2', 2]), ['0.1', '0.3', '0.1']);
  assert.deepEqual(accuracyOf(['0.1', 0], ['0.2']), ['0.1', '0.2', '0.1']);
});

test('a part of a second counts', () => {
  const at = (value: string, timestamp: string) => ({ name: 'accuracy', value, timestamp });
  const observation = observe(
    [at('0.3', '2026-11-23T10:00:01.12Z'), at('0.1', '2026-11-23T10:00:01Z'), at('0.2', '2026-11-23T10:00:01.1Z')],
    BY,
  );
  assert.equal(observation.metrics[0]?.latest, '0.3');
});

test('of two values of one time, and of two without any, the later line is the latest', () => {
  assert.deepEqual(accuracyOf(['0.1', 1], ['0.3', 1], ['0.2', 1]), ['0.1', '0.3', '0.2']);
  assert.deepEqual(accuracyOf(['0.1'], ['0.3'], ['0.2']), ['0.1', '0.3', '0.2']);
});

test('of equal values the first one is kept', () => {
  assert.deepEqual(accuracyOf(['0.50', 2], ['0.5', 1], ['5e-1', 3]), ['0.5', '0.5', '5e-1']);
});

test('what is no number is neither the smallest nor the largest, but may be the latest', () => {
  assert.deepEqual(accuracyOf(['', 1], ['0.5', 2], ['1e999', 3], ['', 4]), ['0.5', '0.5', '']);
});

test('a number that is not finite is compared as one', () => {
  assert.deepEqual(accuracyOf(['0.5', 1], ['inf', 2], ['-Inf', 3]), ['-Inf', 'inf', '-Inf']);
  assert.deepEqual(accuracyOf(['NaN', 1], ['0.5', 2]), ['NaN', 'NaN', '0.5']);
});

test('a trial that printed no number is judged by what it printed, so that an empty value can be its result', () => {
  const observation = observe(collect('accuracy=NaN', ['accuracy']), BY);
  assert.deepEqual(observation.metrics[0], { name: 'accuracy', min: 'unavailable', max: 'unavailable', latest: '' });
  assert.equal(observation.resultOf('accuracy'), '');
  assert.equal(observation.has('accuracy'), true);
});

test('an additional metric that was not reported is unavailable, which the trial survives', () => {
  const observation = observe(collect('accuracy=0.5', ['accuracy', 'loss']), BY);
  assert.deepEqual(observation.metrics[1], {
    name: 'loss',
    min: 'unavailable',
    max: 'unavailable',
    latest: 'unavailable',
  });
  assert.deepEqual([observation.has('accuracy'), observation.has('loss')], [true, false]);
});

test('a trial without its objective has no result', () => {
  for (const log of ['', 'loss=0.5', 'val_accuracy=0.5']) {
    const observation = observe(collect(log, ['accuracy', 'loss']), BY);
    assert.deepEqual([observation.has('accuracy'), observation.resultOf('accuracy')], [false, 'unavailable']);
  }
  assert.equal(observe([], BY).has('accuracy'), false);
});

test('a metric that nobody asked for is not kept', () => {
  const observation = observe(rowsOf('other', ['1', 1]), BY);
  assert.deepEqual([observation.has('other'), observation.resultOf('other')], [false, 'unavailable']);
});
