import assert from 'node:assert/strict';
import { test } from 'node:test';
import { area, count, counted, every, percent, significant } from '../../../functions/plots/wording.ts';

test('a percentage never claims all or nothing where it is neither', () => {
  assert.equal(percent(1), '100.0%');
  assert.equal(percent(0), '0.0%');
  assert.equal(percent(0.512), '51.2%');
  assert.equal(percent(0.9996), '99.96%');
  assert.equal(percent(0.00001), '0.001%');
  assert.equal(percent(0.99999999999), '> 99.9%');
  assert.equal(percent(1e-12), '< 0.1%');
});

test('an area under the curve never claims perfection where it is not', () => {
  assert.equal(area(1), '1.000');
  assert.equal(area(0.99996), '0.99996');
  assert.equal(area(0.5), '0.500');
});

test('numbers are grouped by thousands and nouns agree with them', () => {
  assert.equal(count(1_000_000), '1,000,000');
  assert.equal(counted(1, 'point'), '1 point');
  assert.equal(counted(1_000, 'point'), '1,000 points');
});

test('losses have three significant digits', () => {
  assert.equal(significant(0.021_349), '0.0213');
  assert.equal(significant(1.234e-7), '1.23e-7');
});

test('two are both, and more are all of them', () => {
  assert.equal(every(2, 'model'), 'Both models');
  assert.equal(every(1_000, 'model'), 'All 1,000 models');
});
