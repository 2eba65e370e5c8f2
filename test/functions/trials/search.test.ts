import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { KnownEvent } from '../../../events/registry.ts';
import { parametersOf, ranked, searchOf } from '../../../functions/trials/search.ts';
import { completed, EXPERIMENT, failed, logOf, requested, started, valued } from './log.ts';

const namesOf = (...events: readonly KnownEvent[]) =>
  searchOf(EXPERIMENT, logOf(...events)).trials.map(({ name, number }) => `${number} ${name.split('-').at(-1)}`);

test('trials stand in the order of their index, whichever ended first', () => {
  assert.deepEqual(namesOf(completed(7, { index: 2 }), completed(8, { index: 0 })), ['1 8', '3 7']);
});

test('an index that the result lacks is that of the request: a trial that nobody could run fails without one', () => {
  assert.deepEqual(namesOf(requested(1, 4), failed(1), completed(2, { index: 0 })), ['1 2', '5 1']);
});

test('without an index they stand in the order in which the log first tells of them', () => {
  assert.deepEqual(namesOf(requested(1), requested(2), completed(2), completed(1), failed(3)), ['1 1', '2 2', '3 3']);
  assert.deepEqual(namesOf(completed(7, { index: 5 }), completed(8)), ['1 7', '2 8']);
});

test('a trial that is told of twice counts once, as it was told first', () => {
  const again = valued(1, 0.9).cloneWith({ id: 'again' }) as ReturnType<typeof valued>;
  const { trials } = searchOf(EXPERIMENT, logOf(valued(1, 0.7), again));
  assert.deepEqual(
    trials.map(({ value }) => value),
    [0.7],
  );
});

test('a trial that was stopped early has a value, one that failed has a reason', () => {
  const stopped = valued(1, 0.6, { status: 'stopped', reason: 'below the median' });
  const { trials } = searchOf(EXPERIMENT, logOf(stopped, failed(2)));
  assert.deepEqual(
    trials.map(({ status, value, reason }) => [status, value, reason]),
    [
      ['stopped', 0.6, 'below the median'],
      ['failed', undefined, 'no memory left'],
    ],
  );
});

test('the objective comes from whichever event tells it first: the search, a request or a result', () => {
  const metric = 'validation_accuracy';
  assert.deepEqual(searchOf(EXPERIMENT, logOf(started(), completed(1))).objective, {
    metric: 'loss',
    type: 'minimize',
  });
  assert.deepEqual(searchOf(EXPERIMENT, logOf(requested(1), failed(1))).objective, { metric, type: 'maximize' });
  assert.deepEqual(searchOf(EXPERIMENT, logOf(completed(1))).objective, { metric, type: 'maximize' });
  assert.equal(searchOf(EXPERIMENT, logOf(failed(1))).objective, undefined);
});

test('what is no event of a search, or not what its type says, is passed over', () => {
  const log = [
    ...logOf(completed(1)),
    { position: 2, key: 'k', value: '{"specversion":"1.0","type":"trial.completed"}' },
  ];
  assert.equal(searchOf(EXPERIMENT, log).trials.length, 1);
});

test('the best trial is the one with the highest value, or the lowest; of equals the one that was asked for first', () => {
  const log = logOf(valued(1, 0.5), valued(2, 0.9), valued(3, 0.9), failed(4));
  const search = searchOf(EXPERIMENT, log);
  const numbers = (of: typeof search) => ranked(of).map(({ number }) => number);
  assert.deepEqual(numbers(search), [2, 3, 1]);
  assert.deepEqual(numbers({ ...search, objective: { metric: 'validation_loss', type: 'minimize' } }), [1, 2, 3]);
});

test('the hyperparameters are those of all trials', () => {
  const log = logOf(completed(1, { assignments: { a: '1' } }), completed(2, { assignments: { b: '1', a: '2' } }));
  assert.deepEqual(parametersOf(searchOf(EXPERIMENT, log)), ['a', 'b']);
});
