import assert from 'node:assert/strict';
import { test } from 'node:test';
import { logTicks, numberScale, roundNumbers, scaleOf } from '../../../functions/trials/scales.ts';

const many = (value: (index: number) => number) => Array.from({ length: 40 }, (_, index) => String(value(index)));

test('numbers over a hundredfold are on a logarithmic axis, unless only a few of them are small', () => {
  assert.equal(
    scaleOf(
      'rate',
      many((index) => 10 ** (-4 + index / 10)),
    ).kind,
    'log',
  );
  assert.equal(
    scaleOf(
      'momentum',
      many((index) => 0.001 + index / 40),
    ).kind,
    'linear',
  );
  assert.equal(
    scaleOf(
      'width',
      many((index) => 1 + index),
    ).kind,
    'linear',
  );
  assert.equal(
    scaleOf(
      'offset',
      many((index) => index - 20),
    ).kind,
    'linear',
  );
});

test('the lowest number is at the bottom, the highest at the top, and on a logarithmic axis a factor is a distance', () => {
  const { at } = scaleOf(
    'rate',
    many((index) => 10 ** (-4 + index / 10)),
  );
  assert.deepEqual([at('0.0001'), Math.round((at('0.001') ?? 0) * 39)], [0, 10]);
  assert.equal(numberScale('x', [2, 4, 3]).at('4'), 1);
});

test('few numbers that come again and again are a list, evenly spaced in the order of their size', () => {
  const scale = scaleOf('hidden', ['16', '4', '16', '8', '4', '8', '16']);
  assert.deepEqual(
    scale.ticks.map(({ label }) => label),
    ['4', '8', '16'],
  );
  assert.deepEqual([scale.kind, scale.at('8'), scale.at('32')], ['levels', 0.5, undefined]);
});

test('few numbers, each of them once, are numbers', () => {
  assert.equal(scaleOf('rate', ['0.1', '0.2', '0.7']).kind, 'linear');
});

test('names are a list, and so is one number alone', () => {
  const ticks = scaleOf('optimizer', ['sgd', 'adam', '1']).ticks.map(({ label }) => label);
  assert.deepEqual(ticks, ['1', 'adam', 'sgd']);
  assert.deepEqual([scaleOf('same', ['3', '3']).kind, scaleOf('same', ['3', '3']).at('3')], ['levels', 0.5]);
});

test('of a long list not every label stands on the axis', () => {
  const names = Array.from({ length: 100 }, (_, index) => `name ${index}`);
  assert.equal(scaleOf('names', names).ticks.length, 20);
});

test('equal values stand in the middle', () => {
  assert.equal(numberScale('accuracy', [0.5, 0.5]).at('0.5'), 0.5);
});

test('ticks are round numbers inside', () => {
  assert.deepEqual(roundNumbers(0.49, 0.99), [0.5, 0.6, 0.7, 0.8, 0.9]);
  assert.deepEqual(roundNumbers(-3, 17), [0, 5, 10, 15]);
  assert.deepEqual(roundNumbers(0.9661, 0.9941), [0.97, 0.975, 0.98, 0.985, 0.99]);
  assert.deepEqual(logTicks(0.02, 0.7), [0.02, 0.05, 0.1, 0.2, 0.5]);
  assert.deepEqual(logTicks(1e-4, 1), [1e-4, 1e-3, 0.01, 0.1, 1]);
  assert.ok(logTicks(1e-30, 1).length <= 9);
});
