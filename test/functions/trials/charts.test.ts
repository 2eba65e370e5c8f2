import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compile } from '../../../functions/plots/compile.ts';
import { vega } from '../../../functions/plots/vega.ts';
import { chartsOf } from '../../../functions/trials/charts.ts';
import type { Search } from '../../../functions/trials/search.ts';
import { assertGolden } from '../plots/golden.ts';
import { DIALS, makeSearch } from './fixture.ts';

const GOLDEN = new URL('./golden/', import.meta.url);
const ALL = ['optimisation-history', 'leaderboard', 'parallel-coordinates', 'parameter-importance'];
const EVERY_DIAL = Object.keys(DIALS);
const LOSS = { metric: 'validation_loss', type: 'minimize' } as const;

const search = makeSearch({ trials: 12, seed: 8 });

const namesOf = (of: Search) => chartsOf(of).map(({ name }) => name);
const titleOf = (name: string, of: Search) => chartsOf(of).find((chart) => chart.name === name)?.title;

async function textsOf(name: string, of: Search): Promise<string[]> {
  const chart = chartsOf(of).find((candidate) => candidate.name === name);
  assert.ok(chart, name);
  const view = new vega.View(vega.parse(compile(chart)), { renderer: 'none' });
  await view.runAsync();
  return [...(await view.toSVG()).matchAll(/<text[^>]*>([^<]*)</g)].map(([, text = '']) => text);
}

for (const chart of chartsOf(search)) {
  test(`the spec of ${chart.name} is, byte for byte, the recorded one, and Vega-Lite warns of nothing`, () => {
    assertGolden(chart, GOLDEN);
    compile(chart);
  });
}

test('a search has four charts; fewer where there is nothing to show, but always its history', () => {
  assert.deepEqual(namesOf(search), ALL);
  assert.deepEqual(namesOf(makeSearch({ trials: 5, failed: 0 })), ALL.slice(0, 3));
  assert.deepEqual(namesOf(makeSearch({ trials: 1, failed: 0 })), ALL.slice(0, 2));
  assert.deepEqual(namesOf(makeSearch({ trials: 5, failed: 1 })), ALL.slice(0, 1));
});

test('titles say what was found', () => {
  assert.deepEqual(
    chartsOf(makeSearch({ trials: 60, parameters: ['learning_rate', 'hidden'], objective: LOSS, seed: 9 })).map(
      ({ title }) => title,
    ),
    [
      'Best validation loss 0.0209 after 3 of 60 trials',
      'xor-random-td2t45 leads with a validation loss of 0.0209, before 0.0220',
      'The best 11 of 60 trials have learning_rate 0.00327 to 0.0676 and hidden 8 to 32',
      'learning_rate matters most for the validation loss (89%)',
    ],
  );
});

test('equal values have no winner', () => {
  const equal = makeSearch({ trials: 12, value: () => 0.5, failed: 0, stopped: 0 });
  assert.deepEqual(
    chartsOf(equal).map(({ title }) => title),
    [
      'All 12 trials have a validation accuracy of 0.500',
      '12 trials share the best validation accuracy, 0.500',
      'All 12 trials have the same validation accuracy, whatever they try',
    ],
  );
});

test('a search in which every trial failed is drawn with the reason of the first', async () => {
  const failed = makeSearch({ trials: 3, failed: 1 });
  assert.equal(titleOf('optimisation-history', failed), 'All 3 trials failed');
  const texts = (await textsOf('optimisation-history', failed)).join(' ');
  assert.match(texts.replaceAll('\u00a0', ' '), /the first one: The loss stopped being finite at epoch 12/);
  const { objective: _, ...unknown } = failed;
  assert.deepEqual(namesOf(unknown), ['optimisation-history']);
});

test('noise is not said to depend on anything', () => {
  const values = makeSearch({ trials: 40, seed: 77, failed: 0 }).trials;
  const plain = makeSearch({ trials: 40, seed: 3, parameters: ['batch_size', 'momentum', 'layers'], failed: 0 });
  const trials = plain.trials.map((trial, index) => ({ ...trial, value: values[index]?.value ?? 0 }));
  const noise = { ...plain, trials };
  assert.equal(
    titleOf('parameter-importance', noise),
    'These trials do not tell which hyperparameter the validation accuracy depends on',
  );
  assert.equal(
    titleOf('parallel-coordinates', noise),
    'The best 8 of 40 trials share no narrow range of any hyperparameter',
  );
});

test('the leaderboard ranks ten trials, and equals share a rank', async () => {
  const texts = await textsOf(
    'leaderboard',
    makeSearch({ trials: 30, value: (good) => (good > 0.6 ? 0.9 : good), failed: 0 }),
  );
  assert.equal(texts.filter((text) => text.startsWith('xor-random-')).length, 10);
  const equals = texts.filter((text) => text === '0.9000').length;
  assert.ok(equals > 1);
  assert.equal(texts.filter((text) => text === '1').length, equals);
});

test('long names of trials lose what the Experiment above the table says already', async () => {
  const experiment = 'a-search-with-quite-a-long-name-for-a-katib-experiment';
  const texts = await textsOf('leaderboard', makeSearch({ experiment, failed: 0 }));
  assert.equal(texts.filter((text) => /^…-[a-z0-9]{6}( \*)?$/.test(text)).length, 10);
});

test('names and values are text: dots, brackets, quotes and commas are neither paths nor columns', async () => {
  const odd = ['a.b', 'c[0]', "d'e", 'f, g', '(h): i', '"j"', '\\k'];
  const named = makeSearch({ trials: 20, failed: 0, stopped: 0 });
  const trials = named.trials.map((trial, index) => ({
    ...trial,
    assignments: Object.fromEntries(odd.map((name, column) => [name, odd[(index + column) % 3] ?? ''])),
  }));
  for (const name of ALL.slice(1)) {
    const texts = (await textsOf(name, { ...named, trials })).join('\n');
    for (const text of odd) {
      const escaped = text.replaceAll('"', '&quot;').replaceAll("'", '&#39;');
      assert.ok(texts.includes(escaped) || texts.includes(text), `${name}: ${text} in ${texts}`);
    }
  }
});

test('hyperparameters that not every trial has are left out of the lines that lack them', () => {
  const some = makeSearch({ trials: 12, failed: 0 });
  const trials = some.trials.map((trial, index) => (index % 2 ? trial : { ...trial, assignments: { hidden: '4' } }));
  for (const chart of chartsOf({ ...some, trials })) compile(chart);
});

for (const trials of [1, 2, 3, 200, 1000]) {
  test(`${trials} trials are drawn without a warning and within reason`, () => {
    for (const objective of [LOSS, { metric: 'accuracy', type: 'maximize' } as const]) {
      const drawn = chartsOf(makeSearch({ trials, parameters: EVERY_DIAL, objective, seed: trials }));
      for (const chart of drawn) {
        const text = JSON.stringify(compile(chart));
        assert.ok(text.length < 1_500_000, `${chart.name}: ${text.length} bytes`);
        assert.ok(chart.title.length < 200, chart.title);
      }
    }
  });
}
