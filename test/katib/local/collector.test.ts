import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { XorflowError } from '../../../events/errors.ts';
import { collect } from '../../../katib/local/collector.ts';

const METRICS = ['accuracy', 'loss'];
const TIME = '2026-11-23T10:00:01Z';

/** Each line, and what the collector of Katib 0.19 made of it: `name value timestamp`, with `-` for no time. */
const LINES: readonly (readonly [line: string, ...rows: string[]])[] = [
  // As a trial prints it.
  [
    '2026-11-23T10:00:01.123Z trial/x epoch=1 accuracy=0.6 loss=0.6',
    'accuracy 0.6 2026-11-23T10:00:01.123Z',
    'loss 0.6 2026-11-23T10:00:01.123Z',
  ],
  ['2026-11-23T10:00:02Z accuracy = 0.7', 'accuracy 0.7 2026-11-23T10:00:02Z'],
  [`${TIME} accuracy=1e-3`, `accuracy 1e-3 ${TIME}`],
  [`${TIME} accuracy=.5`, `accuracy .5 ${TIME}`],
  [`${TIME} accuracy=-0`, `accuracy -0 ${TIME}`],
  [`${TIME} accuracy=0.7\r`, `accuracy 0.7 ${TIME}`],
  // Values without a time.
  ['accuracy=0.73', 'accuracy 0.73 -'],
  [`[${TIME}] accuracy=0.7`, 'accuracy 0.7 -'],
  ['2026-11-23 10:00:03 accuracy=0.7', 'accuracy 0.7 -'],
  [`\t${TIME} accuracy=0.7`, 'accuracy 0.7 -'],
  ['{"level":"info","msg":"accuracy=0.74"}', 'accuracy 0.74 -'],
  // Values that are none.
  ['accuracy=NaN', 'accuracy  -'],
  ['accuracy=nan', 'accuracy  -'],
  ['accuracy=0.5 loss=inf', 'accuracy 0.5 -', 'loss  -'],
  ['accuracy==0.9', 'accuracy  -'],
  ['accuracy="0.9"', 'accuracy  -'],
  // Values of which only the beginning is taken.
  ['accuracy=1,234', 'accuracy 1 -'],
  ['accuracy=0x1p3', 'accuracy 0 -'],
  ['accuracy=0.82%', 'accuracy 0.82 -'],
  ['accuracy=1.', 'accuracy 1 -'],
  // Other names.
  ['val_accuracy=0.7', 'accuracy unavailable -'],
  ['test-accuracy=0.7', 'accuracy unavailable -'],
  ['Accuracy=0.7', 'accuracy unavailable -'],
  // The same name, for the collector.
  ['test/accuracy=0.83', 'accuracy 0.83 -'],
  ['test.accuracy=0.84', 'accuracy 0.84 -'],
  // No metrics, for the collector.
  ['accuracy: 0.8', 'accuracy unavailable -'],
  ['"accuracy":0.81', 'accuracy unavailable -'],
  ['accuracy\u001b[0m=0.7', 'accuracy unavailable -'],
  // And what else a program may print.
  ['', 'accuracy unavailable -'],
  ['loss=0.3', 'accuracy unavailable -'],
  ['loss=0.3\naccuracy=0.5', 'loss 0.3 -', 'accuracy 0.5 -'],
  ['accuracy=0.1 accuracy=0.2 loss=0.3', 'accuracy 0.1 -', 'accuracy 0.2 -', 'loss 0.3 -'],
  ['accuracy=', 'accuracy  -'],
  ['accuracy=+0.5', 'accuracy +0.5 -'],
  ['accuracy=1E+3', 'accuracy 1E+3 -'],
  ['accuracy=0.5e', 'accuracy 0.5 -'],
  ['accuracy=e5', 'accuracy e5 -'],
  ['accuracy=--1', 'accuracy - -'],
  ['accuracy=0.5.5', 'accuracy 0.5 -'],
  ['accuracy=1_000', 'accuracy 1 -'],
  ['accuracy=٣', 'accuracy  -'],
  ['accuracy\t=\t0.5', 'accuracy 0.5 -'],
  ['accuracy\u00a0=0.5', 'accuracy unavailable -'],
  ['accuracy\v=0.5', 'accuracy unavailable -'],
  ['éaccuracy=0.5', 'accuracy 0.5 -'],
  ['loss|accuracy=0.5', 'accuracy unavailable -'],
  ['accuracy=loss=0.5', 'accuracy  -', 'loss 0.5 -'],
  ['accuracy = loss = 0.5', 'accuracy  -', 'loss 0.5 -'],
  ['accuracy=\n0.5', 'accuracy  -'],
  [`${TIME}\taccuracy=0.5`, 'accuracy 0.5 -'],
  [`${TIME}  accuracy=0.5`, `accuracy 0.5 ${TIME}`],
  [` ${TIME} accuracy=0.5`, 'accuracy 0.5 -'],
];

/** What stands before a line, and the time that the database then keeps. */
const TIMES: readonly (readonly [text: string, timestamp: string])[] = [
  ['2026-11-23T10:00:01.123456789Z', '2026-11-23T10:00:01.123456Z'],
  ['2026-11-23T10:00:01.9999999Z', '2026-11-23T10:00:01.999999Z'],
  ['2026-11-23T10:00:01.100Z', '2026-11-23T10:00:01.1Z'],
  ['2026-11-23T10:00:01.0000001Z', '2026-11-23T10:00:01Z'],
  ['2026-11-23T10:00:01,5Z', '2026-11-23T10:00:01.5Z'],
  ['2026-11-23T01:00:01+02:00', '2026-11-22T23:00:01Z'],
  ['2026-12-31T23:30:00-00:45', '2027-01-01T00:15:00Z'],
  ['2026-11-23T10:00:01+24:60', '2026-11-22T09:00:01Z'],
  ['2026-11-23T9:00:01Z', '2026-11-23T09:00:01Z'],
  ['2024-02-29T10:00:01Z', '2024-02-29T10:00:01Z'],
  ['0099-01-01T00:00:00Z', '0099-01-01T00:00:00Z'],
  ['2026-11-23T10:00:01+0200', '-'],
  ['2026-11-23T10:00:01+02', '-'],
  ['2026-11-23T10:00:01+25:00', '-'],
  ['2026-11-23T10:00:01', '-'],
  ['2026-11-23T10:00:01.Z', '-'],
  ['2026-11-23t10:00:01Z', '-'],
  ['2026-11-23T10:00:01z', '-'],
  ['2026-11-23T24:00:00Z', '-'],
  ['2026-11-23T10:00:60Z', '-'],
  ['2026-11-23T10:0:01Z', '-'],
  ['2026-02-29T10:00:01Z', '-'],
  ['2026-13-01T10:00:01Z', '-'],
  ['2026-00-01T10:00:01Z', '-'],
  ['2026-1-01T10:00:01Z', '-'],
  ['12026-01-01T10:00:01Z', '-'],
  ['0001-01-01T00:00:00Z', '-'],
];

/** Filters in the language of Go, a line, and its rows. */
const FILTERS: readonly (readonly [filters: readonly string[], line: string, ...rows: string[]])[] = [
  [['([\\w|-]+)\\s*:\\s*([+-]?\\d*(\\.\\d+)?)'], 'accuracy: 0.8 loss=0.3', 'accuracy 0.8 -'],
  [
    ['{metricName: ([\\w|-]+), metricValue: ((-?\\d+)(\\.\\d+)?)}'],
    '{metricName: loss, metricValue: 0.6}',
    'accuracy unavailable -',
  ],
  [
    ['{metricName: ([\\w|-]+), metricValue: ((-?\\d+)(\\.\\d+)?)}'],
    '{metricName: accuracy, metricValue: 0.6}',
    'accuracy 0.6 -',
  ],
  [['([\\w|-]+)=(\\d+)', '([\\w|-]+)=(\\S+)'], 'accuracy=0.5 loss=NaN', 'accuracy 0 -', 'accuracy 0.5 -', 'loss NaN -'],
  [['(?P<name>\\w+)=(?P<value>[\\d.]+)'], 'accuracy=0.5', 'accuracy 0.5 -'],
  [['(?i)(ACCURACY)=(.*)'], 'accuracy=0.5\u2028', 'accuracy 0.5 -'],
  [['(\\w+)=([^ ]*)'], 'accuracy=\u00850.5\u0085', 'accuracy 0.5 -'],
  [['([[:alpha:]]+)[]=:]+([\\d-.]+)'], 'accuracy]=-0.5', 'accuracy -0.5 -'],
  [['\\A(\\w+)\\x{3d}(\\d+)\\z'], 'accuracy=7', 'accuracy 7 -'],
  [['(accuracy)(?:=(\\d+))?'], 'accuracy', 'accuracy  -'],
];

function show(rows: ReturnType<typeof collect>): string[] {
  return rows.map(({ name, value, timestamp = '-' }) => `${name} ${value} ${timestamp}`);
}

function refused(code: string, message: RegExp) {
  return (error: unknown) => error instanceof XorflowError && error.code === code && message.test(error.message);
}

suite("Katib's collector", () => {
  for (const [line, ...rows] of LINES) {
    test(`takes ${JSON.stringify(line)} for ${rows.join(' and ')}`, () => {
      assert.deepEqual(show(collect(line, METRICS)), rows);
    });
  }

  for (const [text, timestamp] of TIMES) {
    test(`takes ${text} for ${timestamp === '-' ? 'no time' : timestamp}`, () => {
      assert.deepEqual(show(collect(`${text} accuracy=1`, METRICS)), [`accuracy 1 ${timestamp}`]);
    });
  }

  for (const [filters, line, ...rows] of FILTERS) {
    test(`finds ${rows.join(' and ')} in ${JSON.stringify(line)} by ${filters.join(' and ')}`, () => {
      assert.deepEqual(show(collect(line, METRICS, filters)), rows);
    });
  }

  test('reads lines as it reads their text', () => {
    const lines = ['accuracy=0.1', 'epoch=2', 'accuracy=0.2 loss=3', ''];
    assert.deepEqual(collect(new Set(lines), METRICS), collect(lines.join('\n'), METRICS));
  });

  test('drops every other metric of a trial that does not report its objective', () => {
    const rows = collect(['loss=0.3', 'loss=0.2'], METRICS);
    assert.deepEqual(rows, [{ name: 'accuracy', value: 'unavailable', timestamp: undefined }]);
  });

  test('takes 16383 rows of a trial, and not one more', () => {
    const log = Array.from({ length: 8_192 }, (_, epoch) => `epoch=${epoch} accuracy=1 loss=0`);
    assert.equal(collect([...log.slice(1), 'accuracy=1'], METRICS).length, 16_383);
    assert.throws(() => collect(log, METRICS), refused('METRICS_REFUSED', /^Too many metric rows 16384 .* 16383/));
  });
});

suite("Katib's collector with early stopping", () => {
  test('ends on a value that is no number beside the metric of a rule', () => {
    const log = 'epoch=1 accuracy=0.51 loss=0.69 run=abc';
    assert.throws(
      () => collect(log, METRICS, [], ['accuracy']),
      refused('METRICS_REFUSED', /^Wrong value "" of run in the line "epoch=1 .*: expected a number/),
    );
    assert.equal(collect(log, METRICS).length, 2);
  });

  test('does not look at lines without the metric of a rule', () => {
    assert.equal(collect('host=abc\naccuracy=0.5', METRICS, [], ['accuracy']).length, 1);
    assert.throws(
      () => collect('my_accuracy=abc', METRICS, [], ['accuracy']),
      refused('METRICS_REFUSED', /my_accuracy/),
    );
  });

  test('takes everything for a number that Go does', () => {
    const log = 'accuracy=inf a=-Infinity b=NaN c=1. d=.5 e=+1e-999';
    assert.equal(collect(log, METRICS, ['(\\w+)=(\\S+)'], ['accuracy']).length, 1);
    for (const value of ['-nan', '.', '1e', '1e999', '1_0', 'e5', '0.5%', '']) {
      assert.throws(
        () => collect(`accuracy=1 x=${value}`, METRICS, ['(\\w+)=(\\S*)'], ['accuracy']),
        refused('METRICS_REFUSED', / of x in the line /),
        value,
      );
    }
  });
});

suite('what Katib could not pass on to its collector', () => {
  for (const [format, rule] of [
    ['(\\w+)=\\d+', 'two groups'],
    ['(?:\\w+)=(\\d+)', 'two groups'],
    ['(\\w+)=([\\d;]+)', 'no ";"'],
    ['(\\w+=(\\d+)', 'a regular expression of Go'],
    ['(\\w+)=([\\d', 'every "\\["'],
    ['(\\w+)=(?=(\\d))', 'no groups but'],
    ['(?<!x)(\\w+)=(\\d)', 'no groups but'],
    ['(?s)(\\w+)=(.*)', 'no groups but'],
    ['(\\w+)=(\\d)\\1', 'no \\\\1'],
    ['(\\pL+)=(\\d)', 'no \\\\p'],
    ['([[:punct:]]+)=(\\d)', 'of the sets in'],
    ['(?:(\\w+)=(\\d+) ?)+', 'the name and the value outside'],
  ] as const) {
    test(`refuses the filter ${format}`, () => {
      assert.throws(
        () => collect('accuracy=1', METRICS, [format]),
        refused('INVALID_MANIFEST', new RegExp(`^Wrong value .* in metricsFormat: expected ${rule}`)),
      );
    });
  }

  test('refuses a name with a semicolon', () => {
    assert.throws(
      () => collect('', ['a;b']),
      refused('INVALID_MANIFEST', /^Wrong value "a;b" of a metric's name: expected no ";"/),
    );
  });
});
