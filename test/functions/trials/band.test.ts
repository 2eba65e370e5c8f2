import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bandOf } from '../../../functions/trials/band.ts';
import { makeSearch } from './fixture.ts';

test('the best trials keep to the range of what matters, told with the narrowest first', () => {
  const band = bandOf(makeSearch({ trials: 60, parameters: ['hidden', 'learning_rate', 'layers'], seed: 9 }));
  assert.ok(band);
  assert.match(band.ranges[0] ?? '', /^learning_rate 0\.0\d+ to 0\.0\d+$/);
  assert.ok(band.ranges.every((range) => !range.startsWith('layers')));
});

test('where nothing matters, ranges are seldom found: not in one search of ten', () => {
  const parameters = ['learning_rate', 'hidden', 'activation', 'momentum'];
  const found = Array.from({ length: 100 }, (_, seed) => {
    // The value is that of another search: it has nothing to do with what this one tries.
    const values = makeSearch({ trials: 30, seed: 1000 + seed, failed: 0 }).trials;
    const search = makeSearch({ trials: 30, seed, parameters, failed: 0 });
    const trials = search.trials.map((trial, index) => ({ ...trial, value: values[index]?.value ?? 0 }));
    return bandOf({ ...search, trials })?.ranges.length ?? 0;
  });
  assert.ok(found.filter((ranges) => ranges > 0).length < 10, found.join(''));
});

test('few trials have nothing in common', () => {
  assert.equal(bandOf(makeSearch({ trials: 9, failed: 0 })), undefined);
});
