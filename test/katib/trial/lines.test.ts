import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { METRICS } from '../../../events/search.ts';
import { makeLinePrinter } from '../../../katib/trial/lines.ts';
import { harmless } from '../../../katib/trial/sentence.ts';
import { collectMetrics } from '../../support/metrics-file.ts';

const TIME = '2026-11-23T10:00:01.123Z';

function print(...lines: readonly string[]) {
  const printed: string[] = [];
  const printer = makeLinePrinter('xor.a', 'loss', (text) => printed.push(text));
  for (const line of lines) printer.take(line);
  return { printer, printed };
}

suite('of the lines of a trial', () => {
  for (const values of ['loss=0.5', 'loss=1e-7 accuracy=1', 'loss=-0.25', 'loss=.5', 'validation_loss=5E+3']) {
    test(`is printed: ${values}`, () => {
      const line = `${TIME} trial/xor.a epoch=1 ${values}`;
      const { printed, printer } = print(line);
      assert.deepEqual([printed, printer.refused], [[`${line}\n`], undefined]);
    });
  }

  for (const rest of [
    ...['epoch=1 loss=NaN', 'epoch=1 loss=Infinity', 'epoch=1 loss=', 'epoch=1 loss=1e999', 'epoch=1 loss=0x1p3'],
    ...['epoch=1 loss=1,234', 'epoch=1 loss=0.8%', 'epoch=1 loss=1.', 'epoch=1 loss=0.5 run=abc', 'epoch=1  loss=1'],
    ...['epoch=1 loss=0.5 loss=0.6', 'epoch=1 loss=0.5\r', 'loss=0.5', 'epoch=1 loss:0.5', 'epoch=1 test/loss=0.5'],
  ]) {
    test(`is refused: ${JSON.stringify(rest)}`, () => {
      const line = `${TIME} trial/xor.a ${rest}`;
      const { printed, printer } = print(line);
      assert.deepEqual([printed, printer.refused, printer.objectives], [[], line, 0]);
    });
  }

  test('is refused what has no time', () => {
    assert.equal(print('10:00 trial/xor.a epoch=1 loss=0.5').printer.refused, '10:00 trial/xor.a epoch=1 loss=0.5');
  });

  test('is left out what is of others', () => {
    const { printed, printer } = print(
      `${TIME} trial/xor-a epoch=1 loss=0.5`,
      `${TIME} trial/xor.ab epoch=1 loss=NaN`,
      `${TIME} xor.a/model epoch=1 loss=0.5`,
      '{"msg":"trial/xor.a loss=1"}',
      '',
    );
    assert.deepEqual([printed, printer.refused], [[], undefined]);
  });

  test('each epoch is printed once, in order, and its objective is counted once', async () => {
    const at = (epoch: number, values: string) => `${TIME} trial/xor.a epoch=${epoch} ${values}`;
    const { printed, printer } = print(at(1, 'loss=1'), at(1, 'loss=1'), at(3, 'accuracy=1'), at(2, 'loss=1'));
    assert.deepEqual(printed, [`${at(1, 'loss=1')}\n`, `${at(3, 'accuracy=1')}\n`]);
    assert.deepEqual([printer.objectives, printer.lastEpoch], [1, 3]);
    await printer.reached(3);
    const reached = printer.reached(4);
    printer.take(at(5, 'loss=1'));
    await reached;
  });
});

test('what is said on standard error has no metric in it, whatever it is', () => {
  const piece = fc.constantFrom(
    ...METRICS,
    'epoch',
    '=',
    ' = ',
    '==',
    '0.5',
    'NaN',
    ' ',
    '\n',
    '\t',
    'x',
    '/',
    '\u001b[1m',
  );
  const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''));
  fc.assert(
    fc.property(text, (said) => {
      const line = harmless(said);
      assert.deepEqual(collectMetrics(line, ['epoch', ...METRICS]), []);
      assert.ok(!/[\n\p{C}]/u.test(line));
    }),
    { seed: 7, numRuns: 2_000 },
  );
  assert.equal(harmless('Wrong value "a=b"\n at x'), 'Wrong value "a=b" at x');
});
