import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { XorflowError } from '../../../events/errors.ts';
import { evaluateCesql } from '../../../knative/local/cesql.ts';
import { CesqlError } from '../../../knative/local/cesql-functions.ts';
import { compileFilter } from '../../../knative/local/filter.ts';
import { EVENT_HEADERS, type Rig, Subscriber, send, startRig } from './support.ts';

const STRUCTURED = { 'content-type': 'application/cloudevents+json' };
const SUBJECT = { 'ce-subject': 'exp-1' };

/** The recorded columns; the ids say which. */
const EVENTS: readonly [headers: Record<string, string>, body: string][] = [
  [{ ...EVENT_HEADERS, ...SUBJECT, 'ce-id': '0', 'ce-n': '5' }, ''],
  [
    STRUCTURED,
    JSON.stringify({ specversion: '1.0', id: '1', source: '/test', type: 'model.trained', subject: 'exp-1', n: 5 }),
  ],
  [{ ...EVENT_HEADERS, 'ce-id': '2', 'ce-type': 'Model.Trained' }, ''],
  [{ ...EVENT_HEADERS, 'ce-id': '3' }, ''],
];

type Spec = { filter?: { attributes: Record<string, string> }; filters?: unknown[] };
const attributes = (attributes: Record<string, string>): Spec => ({ filter: { attributes } });
const filters = (...filters: unknown[]): Spec => ({ filters });

const ROWS: readonly [name: string, spec: Spec, matches: number[]][] = [
  ['attributes type=model.trained', attributes({ type: 'model.trained' }), [1, 1, 0, 1]],
  ['attributes type + n:"5"', attributes({ type: 'model.trained', n: '5' }), [1, 1, 0, 0]],
  ['attributes n:"" (any)', attributes({ n: '' }), [1, 1, 0, 0]],
  ['attributes subject:""', attributes({ subject: '' }), [1, 1, 0, 0]],
  ['attributes {}', attributes({}), [1, 1, 1, 1]],
  ['no filter', {}, [1, 1, 1, 1]],
  ['exact {type,n:"5"}', filters({ exact: { type: 'model.trained', n: '5' } }), [1, 1, 0, 0]],
  ['prefix model.', filters({ prefix: { type: 'model.' } }), [1, 1, 0, 1]],
  ['suffix .trained', filters({ suffix: { type: '.trained' } }), [1, 1, 0, 1]],
  ['any[exact x | exact n=5]', filters({ any: [{ exact: { type: 'x' } }, { exact: { n: '5' } }] }), [1, 1, 0, 0]],
  ['all[prefix m, exact n=5]', filters({ all: [{ prefix: { type: 'm' } }, { exact: { n: '5' } }] }), [1, 1, 0, 0]],
  ['not exact n=5', filters({ not: { exact: { n: '5' } } }), [0, 0, 1, 1]],
  ["cesql type='model.trained' AND n=5", filters({ cesql: "type='model.trained' AND n=5" }), [1, 1, 0, 0]],
  ['cesql EXISTS n', filters({ cesql: 'EXISTS n' }), [1, 1, 0, 0]],
  ['cesql n > 3', filters({ cesql: 'n > 3' }), [1, 1, 0, 0]],
  ['cesql n = 5', filters({ cesql: 'n = 5' }), [1, 1, 0, 0]],
  ["cesql missing='x'", filters({ cesql: "missing='x'" }), [0, 0, 0, 0]],
  ["not cesql missing='x'", filters({ not: { cesql: "missing='x'" } }), [1, 1, 1, 1]],
  ["cesql LOWER(type) LIKE 'model.%'", filters({ cesql: "LOWER(type) LIKE 'model.%'" }), [1, 1, 1, 1]],
  ['exact {type:""}', filters({ exact: { type: '' } }), [1, 1, 1, 1]],
  ['filters [{}]', filters({}), [1, 1, 1, 1]],
  ['filters []', filters(), [1, 1, 1, 1]],
  ['two entries are both needed', filters({ exact: { n: '5' } }, { exact: { type: 'x' } }), [0, 0, 0, 0]],
  [
    'filter type=nope + filters exact type=model.trained: filters win',
    { ...attributes({ type: 'nope' }), ...filters({ exact: { type: 'model.trained' } }) },
    [1, 1, 0, 1],
  ],
];

describe('filters match the events that the real broker matches', () => {
  const subscribers: Subscriber[] = [];
  let rig: Rig;
  before(async () => {
    for (const _ of ROWS) subscribers.push(await Subscriber.start({ status: 204 }));
    const triggers = ROWS.map(([, spec], index) => ({ subscriber: subscribers[index]?.url ?? '', ...spec }));
    rig = await startRig({ triggers });
    for (const [headers, body] of EVENTS) assert.equal((await send(rig.url, headers, body)).status, 202);
  });
  after(async () => {
    await rig[Symbol.asyncDispose]();
    for (const subscriber of subscribers) await subscriber[Symbol.asyncDispose]();
  });

  for (const [index, [name, , matches]] of ROWS.entries()) {
    test(`${name}: [${matches.join(' ')}]`, () => {
      const got = [0, 0, 0, 0];
      for (const { headers } of subscribers[index]?.seen ?? []) {
        const column = Number(headers['ce-id']);
        got[column] = (got[column] ?? 0) + 1;
      }
      assert.deepEqual(got, matches);
    });
  }
});

describe('what the real webhook refuses is refused, with the field named', () => {
  const rows: [name: string, spec: object, message: RegExp][] = [
    [
      'two dialects in one entry',
      { filters: [{ exact: { type: 'a' }, suffix: { type: 'b' } }] },
      /t spec\.filters\[0\]: expected one dialect/,
    ],
    ['filters that are a map', { filters: { exact: { type: 'a' } } }, /t spec\.filters: expected a list/],
    [
      'an unknown dialect',
      { filters: [{ regex: { type: 'a' } }] },
      /"regex" at t spec\.filters\[0\]: expected one of exact, prefix/,
    ],
    [
      'an attribute name in upper case',
      { filter: { attributes: { Type: 'a' } } },
      /"Type" at t spec\.filter\.attributes: expected an attribute name/,
    ],
    [
      'an attribute name in a nested entry',
      { filters: [{ all: [{ not: { exact: { 'a-b': 'x' } } }] }] },
      /t spec\.filters\[0\]\.all\[0\]\.not\.exact/,
    ],
    [
      'a number as a value',
      { filter: { attributes: { n: 5 } } },
      /5 at t spec\.filter\.attributes\.n: expected a string/,
    ],
    [
      'CESQL that cannot be parsed',
      { filters: [{ cesql: 'type =' }] },
      /"type =" at t spec\.filters\[0\]\.cesql: expected CESQL/,
    ],
    ['CESQL with an unknown function', { filters: [{ cesql: 'NOPE(type)' }] }, /Unknown function NOPE/],
    ['endless nesting', { filters: [JSON.parse(`${'{"not":'.repeat(100)}{}${'}'.repeat(100)}`)] }, /at most 50 levels/],
  ];
  for (const [name, spec, message] of rows) {
    test(name, () =>
      assert.throws(
        () => compileFilter(spec, 't spec'),
        (error) => error instanceof XorflowError && message.test(error.message),
      ),
    );
  }

  test('names that every object has are no attributes', () => {
    assert.equal(compileFilter({ filters: [{ prefix: { constructor: 'f' } }] }, 't')({ type: 'a' }), false);
    assert.equal(compileFilter({ filters: [{ cesql: 'EXISTS constructor' }] }, 't')({ type: 'a' }), false);
  });
});

describe('CESQL', () => {
  const event = { type: 'com.Example', id: '10', n: '-7', flag: 'TRUE', empty: '' };
  const values: [expression: string, value: string | number | boolean][] = [
    ['1 + 2 * 3', 7],
    ['(1 + 2) * 3', 9],
    ['-7 / 2', -3],
    ['-7 % 3', -1],
    ['10 - 3 - 2', 5],
    ['-2147483648', -2147483648],
    ['- - 4', 4],
    ['n + 1', -6],
    ['id = 10', true],
    ["id = '10'", true],
    ['10 = id', true],
    ['1 = TRUE', true],
    ["type <> 'x' AND type != 'y'", true],
    ['n < -6 AND n <= -7 AND id > 9 AND id >= 10', true],
    ['flag', 'TRUE'],
    ['NOT flag', false],
    ['flag AND TrUe', true],
    ['TRUE XOR TRUE', false],
    ['FALSE AND missing', false],
    ['TRUE OR missing', true],
    ['TRUE OR FALSE AND FALSE', true],
    ['FALSE AND TRUE OR TRUE', false],
    ['EXISTS type AND NOT EXISTS missing', true],
    ["type LIKE 'com._xample'", true],
    ["type LIKE '%Ex%'", true],
    ["type NOT LIKE 'com%'", false],
    ["'50%' LIKE '50\\%'", true],
    ["'500' LIKE '50\\%'", false],
    ["'' LIKE '%'", true],
    ["'a\nb' LIKE 'a_b'", true],
    ["type IN ('a', 'com.Example')", true],
    ['id IN (9, 10)', true],
    ['5 IN (4, 6)', false],
    ['5 NOT IN (4, 6)', true],
    ['LENGTH(type)', 11],
    ["CONCAT('a', 1, TRUE)", 'a1true'],
    ["CONCAT_WS('-', 'a', 'b')", 'a-b'],
    ['LOWER(type)', 'com.example'],
    ['upper(type)', 'COM.EXAMPLE'],
    ["TRIM('  a ')", 'a'],
    ["LEFT('abc', 2)", 'ab'],
    ["LEFT('abc', 9)", 'abc'],
    ["RIGHT('abc', 2)", 'bc'],
    ["RIGHT('abc', 0)", ''],
    ["SUBSTRING('abcdef', 2)", 'bcdef'],
    ["SUBSTRING('abcdef', -2)", 'ef'],
    ["SUBSTRING('abcdef', 2, 3)", 'bcd'],
    ["SUBSTRING('abcdef', 0)", ''],
    ['ABS(n)', 7],
    ['INT(id) + 1', 11],
    ["BOOL('false')", false],
    ['STRING(5)', '5'],
    ["IS_INT('5') AND NOT IS_INT('x') AND IS_BOOL('true')", true],
    ['"it\'s"', "it's"],
    ["'it\\'s'", "it's"],
    ["empty = ''", true],
  ];
  for (const [expression, value] of values) {
    test(`${expression} is ${JSON.stringify(value)}`, () => assert.equal(evaluateCesql(expression, event), value));
  }

  for (const expression of [
    'missing',
    "missing = 'x'",
    'NOT missing',
    'type + 1',
    '1 / 0',
    '1 % 0',
    '2147483647 + 1',
    'type = 5',
    "LEFT('a', -1)",
    "SUBSTRING('abc', 4)",
    "SUBSTRING('abc', 1, -1)",
    'ABS(-2147483648)',
    "BOOL('yes')",
  ]) {
    test(`${expression} is an error, which is no match`, () => {
      assert.throws(() => evaluateCesql(expression, event), CesqlError);
      assert.equal(compileFilter({ filters: [{ cesql: expression }] }, 't')(event), false);
    });
  }

  for (const expression of [
    '(',
    "'open",
    'type LIKE 5',
    'a IN ()',
    'EXISTS 5 5',
    '2147483648',
    'Type = 1',
    'a b',
    '#',
    'LEFT()',
    '('.repeat(5000),
    `${'NOT '.repeat(5000)}TRUE`,
  ]) {
    test(`${expression.slice(0, 20)} is refused when compiled`, () => {
      assert.throws(() => compileFilter({ filters: [{ cesql: expression }] }, 't'), XorflowError);
    });
  }

  test('a result that is no Boolean is no match', () => {
    assert.equal(compileFilter({ filters: [{ cesql: '1' }] }, 't')(event), false);
  });

  test('a LIKE pattern full of % does not stall', () => {
    const started = performance.now();
    assert.equal(evaluateCesql(`'${'a'.repeat(5000)}' LIKE '${'%a'.repeat(200)}b'`, event), false);
    assert.ok(performance.now() - started < 2000);
  });
});
