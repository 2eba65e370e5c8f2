import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { sentenceOf } from '../../events/issues.ts';
import { PRESETS } from '../../events/presets.ts';
import { LIMITS, parameterCount, resolveModel, slug, specSchema } from '../../events/spec.ts';

test('an empty spec is the default experiment', () => {
  const spec = specSchema.parse({});
  assert.deepEqual(spec.dataset, { dims: 2, trainSize: 10_000, validationSize: 1_000, testSize: 1_000, seed: 42 });
  assert.deepEqual(
    spec.models.map(({ name, hidden }) => ({ name, hidden })),
    [
      { name: '0 hidden layers', hidden: [] },
      { name: '1 hidden layer', hidden: [16] },
    ],
  );
  assert.deepEqual(spec.training, {
    epochs: 1_000,
    batchSize: 'full',
    optimizer: 'adam',
    learningRate: 0.01,
    momentum: 0,
    seed: 42,
    engine: 'auto',
  });
});

test('parsing a parsed spec changes nothing', () => {
  for (const preset of Object.values(PRESETS)) {
    const spec = specSchema.parse(preset);
    assert.deepEqual(specSchema.parse(spec), spec);
  }
});

test('the course preset has the widths that its code really built', () => {
  const spec = specSchema.parse(PRESETS.course);
  assert.deepEqual(
    spec.models.map(({ hidden }) => hidden),
    [
      [16, 16],
      [16, 16, 16],
    ],
  );
  assert.equal(spec.training.learningRate, 0.001);
});

test('a model overrides what it names and inherits the rest', () => {
  const spec = specSchema.parse({
    models: [{ name: 'a', hidden: [4], epochs: 5, optimizer: 'sgd' }],
    training: { learningRate: 0.5 },
  });
  assert.deepEqual(resolveModel(spec, 0), {
    name: 'a',
    hidden: [4],
    activation: 'relu',
    training: { ...spec.training, epochs: 5, optimizer: 'sgd', learningRate: 0.5 },
  });
});

const size = 'expected an integer from 1 to 100000000';
const refused: readonly [string, unknown, string][] = [
  ['dims 1', { dataset: { dims: 1 } }, 'Wrong value 1 at dataset.dims: expected an integer from 2 to 64'],
  ['dims 1e9', { dataset: { dims: 1e9 } }, 'Wrong value 1000000000 at dataset.dims: expected an integer from 2 to 64'],
  ['dims as text', { dataset: { dims: '10' } }, 'Wrong value "10" at dataset.dims: expected an integer from 2 to 64'],
  ['a size of 0', { dataset: { trainSize: 0 } }, `Wrong value 0 at dataset.trainSize: ${size}`],
  ['a negative size', { dataset: { testSize: -1 } }, `Wrong value -1 at dataset.testSize: ${size}`],
  ['half a point', { dataset: { trainSize: 1.5 } }, `Wrong value 1.5 at dataset.trainSize: ${size}`],
  ['NaN', { dataset: { trainSize: Number.NaN } }, `Wrong value NaN at dataset.trainSize: ${size}`],
  ['1e12 points', { dataset: { trainSize: 1e12 } }, `Wrong value 1000000000000 at dataset.trainSize: ${size}`],
  ['no models', { models: [] }, 'Wrong value [] at models: expected 1 to 100 models'],
  [
    'a width of 0',
    { models: [{ name: 'a', hidden: [0] }] },
    'Wrong value 0 at models.0.hidden.0: expected an integer from 1 to 1024',
  ],
  [
    'a seed of 2^32',
    { training: { seed: 2 ** 32 } },
    'Wrong value 4294967296 at training.seed: expected an integer from 0 to 4294967295',
  ],
  ['a missing name', { models: [{ hidden: [] }] }, 'Missing value at models.0.name: expected a string'],
  ['an unknown field', { trainin: {} }, 'Unknown field "trainin"; did you mean training?'],
  [
    'an unknown field inside',
    { dataset: { size: 3 } },
    'Unknown field "size" at dataset: expected one of dims, trainSize, validationSize, testSize, seed',
  ],
  [
    'an unknown optimizer',
    { training: { optimizer: 'adan' } },
    'Wrong value "adan" at training.optimizer: expected one of "adam", "sgd"',
  ],
  [
    'a learning rate of 0',
    { training: { learningRate: 0 } },
    'Wrong value 0 at training.learningRate: expected a number over 0 and up to 100',
  ],
  ['a number', 5, 'Wrong value 5: expected an object'],
  ['null', null, 'Wrong value null: expected an object'],
];
for (const [what, input, sentence] of refused) {
  test(`refuses ${what}, naming place, value and what is allowed`, () => {
    const parsed = specSchema.safeParse(input);
    assert.ok(!parsed.success);
    assert.equal(sentenceOf(parsed.error, input, specSchema), sentence);
  });
}

for (const name of [
  '',
  'a/b',
  'a\nb',
  '<b>',
  'a=b',
  ' a',
  'a ',
  'x'.repeat(65),
  'x'.repeat(10_000),
  'é',
  '\u0000',
  '{{x}}',
  '"',
]) {
  test(`refuses the model name ${JSON.stringify(name.slice(0, 20))}`, () => {
    const parsed = specSchema.safeParse({ models: [{ name, hidden: [] }] });
    assert.ok(!parsed.success);
    const sentence = sentenceOf(parsed.error, { models: [{ name, hidden: [] }] });
    assert.match(sentence, /^Wrong value .* at models\.0\.name: expected /);
    assert.ok(sentence.length < 300 && !sentence.includes('\n'));
  });
}

test('refuses two models whose files would have one name', () => {
  const input = {
    models: [
      { name: 'wide net', hidden: [] },
      { name: 'Wide-Net', hidden: [] },
    ],
  };
  const parsed = specSchema.safeParse(input);
  assert.ok(!parsed.success);
  assert.equal(
    sentenceOf(parsed.error, input),
    'Wrong value "Wide-Net" at models.1.name: expected a name that differs from models.0.name in more than case and punctuation',
  );
});

test('whatever is given, a spec is accepted or refused in one short sentence', () => {
  fc.assert(
    fc.property(fc.anything(), (input) => {
      const parsed = specSchema.safeParse(input);
      if (parsed.success) return;
      const sentence = sentenceOf(parsed.error, input);
      assert.ok(sentence.length > 0 && sentence.length < 600 && !/\p{Cc}/u.test(sentence), sentence);
    }),
  );
});

test('every spec within the limits is accepted and stays as it is', () => {
  const integer = (place: { min: number; max: number }) => fc.integer(place);
  const spec = fc.record({
    dataset: fc.record({ dims: integer(LIMITS.dims), trainSize: integer(LIMITS.size), seed: integer(LIMITS.seed) }),
    models: fc.uniqueArray(fc.stringMatching(/^[a-z0-9]{1,64}$/), { minLength: 1, maxLength: 100 }).chain((names) =>
      fc.tuple(
        ...names.map((name) =>
          fc.record({
            name: fc.constant(name),
            hidden: fc.array(integer(LIMITS.width), { maxLength: LIMITS.hiddenLayers }),
          }),
        ),
      ),
    ),
    training: fc.record({
      epochs: integer(LIMITS.epochs),
      learningRate: fc.double({ min: 1e-9, max: 100, noNaN: true }),
    }),
  });
  fc.assert(
    fc.property(spec, (input) => {
      const parsed = specSchema.parse(input);
      assert.deepEqual({ ...parsed.dataset, ...input.dataset }, parsed.dataset);
      assert.equal(parsed.models.length, input.models.length);
    }),
    { numRuns: 50 },
  );
});

test('slugs and parameter counts', () => {
  assert.equal(slug('1 hidden layer'), '1-hidden-layer');
  assert.equal(slug('A.B (x)'), 'a-b-x');
  assert.equal(parameterCount(2, []), 3);
  assert.equal(parameterCount(2, [16]), 65);
  assert.equal(parameterCount(2, [16, 16]), 337);
});
