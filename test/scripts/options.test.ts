import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { specSchema } from '../../events/spec.ts';
import { type SpecOptions, specOf } from '../../scripts/options.ts';

const noFile = (path: string): string => {
  throw new Error(`read ${path}`);
};

suite('the options of run make a spec', () => {
  test('no options are the default experiment', () => {
    assert.deepEqual(specOf({}), specSchema.parse({}));
  });

  test('each option goes to its place', () => {
    const spec = specOf({
      name: 'mine',
      dims: '3',
      trainSize: '100',
      validationSize: '50',
      testSize: '60',
      epochs: '7',
      learningRate: '1e-3',
      batchSize: '10',
      optimizer: 'sgd',
      momentum: '0.9',
      seed: '5',
      engine: 'tensorflow',
    });
    assert.equal(spec.name, 'mine');
    assert.deepEqual(spec.dataset, { dims: 3, trainSize: 100, validationSize: 50, testSize: 60, seed: 5 });
    assert.deepEqual(spec.training, {
      epochs: 7,
      batchSize: 10,
      optimizer: 'sgd',
      learningRate: 0.001,
      momentum: 0.9,
      seed: 5,
      engine: 'tensorflow',
    });
  });

  test('--hidden sets the widths of the model beside the linear one', () => {
    const { models } = specOf({ hidden: ['16,16'] });
    assert.deepEqual(
      models.map(({ name, hidden }) => [name, hidden]),
      [
        ['0 hidden layers', []],
        ['2 hidden layers', [16, 16]],
      ],
    );
  });

  test('--hidden again adds one more model, and equal depths are told apart', () => {
    const { models } = specOf({ hidden: ['16', '32', '8,8'] });
    assert.deepEqual(
      models.map(({ name }) => name),
      ['0 hidden layers', '1 hidden layer (16)', '1 hidden layer (32)', '2 hidden layers'],
    );
  });

  test('--model gives all the models; nothing or [] after the name is a linear one', () => {
    const { models } = specOf({ model: ['a=', 'b=[]', 'c=16, 8', 'd=[4,4]'] });
    assert.deepEqual(
      models.map(({ name, hidden }) => [name, hidden]),
      [
        ['a', []],
        ['b', []],
        ['c', [16, 8]],
        ['d', [4, 4]],
      ],
    );
  });

  test('--activation holds for every model, those of the preset too', () => {
    const { models } = specOf({ activation: 'tanh', preset: 'course' });
    assert.deepEqual(
      models.map(({ name, activation }) => [name, activation]),
      [
        ['2 hidden layers', 'tanh'],
        ['3 hidden layers', 'tanh'],
      ],
    );
  });

  test('options win over the preset', () => {
    const spec = specOf({ preset: 'course', learningRate: '0.5' });
    assert.equal(spec.name, 'course');
    assert.equal(spec.training.learningRate, 0.5);
  });

  test('options win over the file, and leave its other fields alone', () => {
    const spec = specOf(
      { spec: 'x.json', dims: '4' },
      { readInput: () => '{"dataset": {"dims": 3, "trainSize": 77}}' },
    );
    assert.deepEqual([spec.dataset.dims, spec.dataset.trainSize], [4, 77]);
  });
});

suite('what is wrong is told in one sentence that names the option, the value and what is allowed', () => {
  const long = 'x'.repeat(10_000);
  const cases: readonly [string, SpecOptions, RegExp][] = [
    ['one dimension', { dims: '1' }, /^Wrong value 1 at --dims: expected an integer from 2 to 64$/],
    ['a billion dimensions', { dims: '1e9' }, /^Wrong value 1000000000 at --dims: expected an integer from 2 to 64/],
    ['dimensions in letters', { dims: 'abc' }, /^Wrong value "abc" at --dims: expected an integer from 2 to 64$/],
    ['an empty number', { dims: '' }, /^Wrong value "" at --dims: /],
    ['a hexadecimal number', { dims: '0x10' }, /^Wrong value "0x10" at --dims: /],
    ['no points', { trainSize: '0' }, /^Wrong value 0 at --train-size: expected an integer from 1 to 100000000$/],
    ['fewer than no points', { testSize: '-1' }, /^Wrong value -1 at --test-size: /],
    ['half a point', { validationSize: '1.5' }, /^Wrong value 1.5 at --validation-size: expected an integer/],
    ['NaN points', { trainSize: 'NaN' }, /^Wrong value "NaN" at --train-size: /],
    ['a million million points', { trainSize: '1e12' }, /^Wrong value 1000000000000 at --train-size: /],
    ['no epochs', { epochs: '0' }, /^Wrong value 0 at --epochs: /],
    [
      'a negative learning rate',
      { learningRate: '-0.1' },
      /^Wrong value -0.1 at --learning-rate: expected a number over 0/,
    ],
    ['an infinite learning rate', { learningRate: 'Infinity' }, /^Wrong value "Infinity" at --learning-rate: /],
    ['a batch of nothing', { batchSize: '0' }, /^Wrong value 0 at --batch-size: expected .*an integer from 1/],
    ['a momentum of one', { momentum: '1' }, /^Wrong value 1 at --momentum: expected a number from 0 to less than 1$/],
    ['an unknown optimizer', { optimizer: 'adm' }, /^Wrong value "adm" at --optimizer: expected one of "adam", "sgd"$/],
    ['an unknown engine', { engine: 'gpu' }, /^Wrong value "gpu" at --engine: expected one of "auto"/],
    ['an unknown activation', { activation: 'x' }, /^Wrong value "x" at --activation: .*"sigmoid"$/],
    [
      'a seed over 32 bits',
      { seed: '4294967296' },
      /^Wrong value 4294967296 at --seed: expected an integer from 0 to 4294967295/,
    ],
    ['a seed in letters', { seed: 'x' }, /^Wrong value "x" at --seed: expected an integer from 0 to 4294967295$/],
    ['two wrong widths that are the same', { hidden: ['0,0'] }, /^Wrong value 0 at --hidden: .* to 1024$/],
    ['two wrong options', { dims: '1', epochs: '0' }, /^Wrong value 1 at --dims: .* to 64 \(and 1 more\)$/],
    [
      'an unknown preset',
      { preset: 'toString' },
      /^Wrong value "toString" at --preset: expected one of "default", "course"$/,
    ],
    ['a slash in the name', { name: 'a/b' }, /^Wrong value "a\/b" at --name: expected 1 to 64 ASCII letters/],
    ['a newline in the name', { name: 'a\nb' }, /^Wrong value "a\\nb" at --name: /],
    ['markup in the name', { name: '<b>x</b>' }, /^Wrong value "<b>x<\/b>" at --name: /],
    ['no name', { name: '' }, /^Wrong value "" at --name: /],
    ['ten kilobytes of name', { name: long }, /^Wrong value "x{70,80}\.\.\. at --name: /],
    ['a name that names its place', { name: '/ at name' }, /^Wrong value "\/ at name" at --name: expected/],
    ['a model without =', { model: ['deep'] }, /^Wrong value "deep" at --model: expected NAME=WIDTHS/],
    ['a model without a name', { model: ['=16'] }, /^Wrong value "" at --model: expected 1 to 64 ASCII letters/],
    ['two models of one name', { model: ['a=1', 'A=2'] }, /^Wrong value "A" at --model: expected a name that differs/],
    [
      'two models of the very same name',
      { model: ['a=1', 'a=2'] },
      /^Wrong value "a" at --model: expected a name that differs from "a" of another --model in more than case and/,
    ],
    ['a model with a slash', { model: ['a/b=1'] }, /^Wrong value "a\/b" at --model: /],
    ['a layer of no width', { model: ['a=0'] }, /^Wrong value 0 at --model: expected an integer from 1 to 1024$/],
    ['a layer too wide', { hidden: ['5000'] }, /^Wrong value 5000 at --hidden: expected an integer from 1 to 1024$/],
    ['a width forgotten', { hidden: ['16,,16'] }, /^Wrong value "" at --hidden: /],
    ['hidden layers of nothing', { hidden: [''] }, /^Wrong value "" at --hidden: expected widths such as 16,16/],
    ['too many layers', { hidden: ['1,1,1,1,1,1,1,1,1'] }, /at --hidden: expected at most 8 items/],
    ['both ways to give models', { hidden: ['1'], model: ['a=1'] }, /^Both --model and --hidden: /],
    ['a preset and a file', { preset: 'course', spec: 'x' }, /^Both --preset and --spec: /],
  ];
  for (const [what, options, sentence] of cases) {
    test(what, () => {
      assert.throws(() => specOf(options, { readInput: noFile }), { code: 'INVALID_ARGUMENT', message: sentence });
    });
  }

  const files: readonly [string, string, RegExp][] = [
    ['no JSON', '{dims: 3}', /^No JSON in --spec "x.json": /],
    ['an empty file', '', /^No JSON in --spec "x.json": /],
    ['JSON that is no object', '[1]', /^Wrong value "\[1\]" in --spec "x.json": expected a JSON object$/],
    [
      'an unknown field',
      '{"dataset": {"dim": 3}}',
      /^Unknown field "dim" at dataset; did you mean dims\?, in --spec "x.json"$/,
    ],
    ['a wrong value', '{"dataset": {"dims": 1}}', /^Wrong value 1 at dataset.dims: expected .*, in --spec "x.json"$/],
    ['a wrong type', '{"models": 3}', /^Wrong value 3 at models: expected .*, in --spec "x.json"$/],
    ['a group that is none', '{"dataset": null}', /at dataset: /],
  ];
  for (const [what, text, sentence] of files) {
    test(`a spec file with ${what}`, () => {
      assert.throws(() => specOf({ spec: 'x.json' }, { readInput: () => text }), {
        code: 'INVALID_ARGUMENT',
        message: sentence,
      });
    });
  }

  test('a spec file that is not there, or a folder', () => {
    assert.throws(
      () => specOf({ spec: '/nowhere/x.json' }),
      /^RejectedError: Cannot read --spec "\/nowhere\/x.json": there is no such file$/,
    );
    assert.throws(() => specOf({ spec: '/tmp' }), /Cannot read --spec "\/tmp": it is a folder$/);
  });
});
