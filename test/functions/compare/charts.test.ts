import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cellsFor } from '../../../functions/compare/charts/surface.ts';
import { chartsOf } from '../../../functions/compare/charts.ts';
import type { ComparedModel, Comparison } from '../../../functions/compare/comparison.ts';
import { evaluate } from '../../../functions/compare/evaluate.ts';
import { evaluate as metricsOf } from '../../../functions/model/metrics.ts';
import { type Network, predictLogits } from '../../../functions/model/network.ts';
import { compile } from '../../../functions/plots/compile.ts';
import { vega } from '../../../functions/plots/vega.ts';
import { assertGolden } from '../plots/golden.ts';
import { evaluationInput, fixturePoints, LINE, SOLVER } from './fixture.ts';

const GOLDEN = new URL('./golden/', import.meta.url);
const PLOTS = ['test-accuracy', 'loss', 'accuracy', 'confusion', 'roc', 'decision-surface'];

function compared(name: string, network: Network, dims = 2): ComparedModel {
  const solved = network === SOLVER ? 1 : 0;
  const points = fixturePoints(dims, 40);
  return {
    ...evaluate(evaluationInput(network, dims, solved)),
    name,
    validation: solved === 1 ? { loss: 0.1, accuracy: 0.998 } : { loss: 0.7, accuracy: 0.5 },
    test: metricsOf(predictLogits(network, points), points.labels),
  };
}

const samples = [
  { x0: 0.1, x1: 0.2, label: 0 },
  { x0: 0.7, x1: 0.3, label: 1 },
];
const comparison: Comparison = {
  experimentName: 'xor',
  models: [compared('0 hidden layers', LINE), compared('1 hidden layer', SOLVER)],
  samples,
};

const titleOf = (name: string, of: Comparison) => chartsOf(of).find((chart) => chart.name === name)?.title;

for (const chart of chartsOf(comparison)) {
  test(`the spec of ${chart.name} is, byte for byte, the recorded one, and Vega-Lite warns of nothing`, () => {
    assertGolden(chart, GOLDEN);
    compile(chart);
  });
}

test('titles say what was found', () => {
  assert.deepEqual(
    chartsOf(comparison).map((chart) => chart.title),
    [
      '1 hidden layer: 100.0% on unseen points; 0 hidden layers: no better than chance (57.5%)',
      '1 hidden layer: the lowest validation loss, 0.1; 0 hidden layers: 0.7, the loss of guessing',
      '1 hidden layer: first past 99% validation accuracy, at epoch 12; 0 hidden layers: 50.0% at the end',
      '1 hidden layer: 0 of 40 unseen points misjudged; 0 hidden layers: 17',
      '1 hidden layer: the classes told apart best, AUC 1.000; 0 hidden layers: 0.497, close to guessing',
      '1 hidden layer: 100.0% of the square in the right class; 0 hidden layers: 59.4%',
    ],
  );
});

test('one model is not compared with others', () => {
  const alone = { ...comparison, models: comparison.models.slice(0, 1) };
  assert.equal(titleOf('test-accuracy', alone), '0 hidden layers: 57.5% on unseen points, no better than chance');
  assert.equal(titleOf('loss', alone), '0 hidden layers: a validation loss of 0.7 after 12 epochs');
  for (const chart of chartsOf(alone)) assert.doesNotMatch(chart.title, /;.*0 hidden/, chart.name);
});

test('models whose intervals overlap have no winner', () => {
  const twins = { ...comparison, models: [compared('a', SOLVER), compared('b', SOLVER)] };
  assert.equal(titleOf('test-accuracy', twins), 'Both models reach 100.0% on unseen points: no clear winner');
  assert.equal(titleOf('decision-surface', twins), 'Both models: 100.0% of the square in the right class');
  const three = { ...twins, models: [...twins.models, compared('c', SOLVER)] };
  assert.equal(titleOf('confusion', three), 'All 3 models misjudge 0 of 40 unseen points');
});

test('a border that is off by less than a cell is no whole square in the right class', () => {
  const [first, ...rest] = SOLVER.layers;
  assert.ok(first);
  // |x - y| against |x + y - 0.99|: both borders lie a little below one half.
  const shifted: Network = { layers: [{ ...first, bias: Float32Array.of(0, 0, -0.99, 0.99) }, ...rest] };
  const alone = { ...comparison, models: [compared('almost', shifted)] };
  const { cells, values } = alone.models[0]?.surface ?? { cells: 0, values: [] };
  const isRight = values.every((value, cell) => value > 0.5 === (cell % cells < 2 !== cell < cells * 2));
  assert.ok(isRight, 'every cell is right in its middle');
  assert.equal(titleOf('decision-surface', alone), 'almost: 99.0% of the square in the right class');
});

test('more than two dimensions have no decision surface', () => {
  const wide: Network = {
    layers: [{ inputs: 4, units: 1, activation: 'linear', kernel: new Float32Array(4), bias: new Float32Array(1) }],
  };
  const charts = chartsOf({ experimentName: 'xor', models: [compared('a', wide, 4)], samples: [] });
  assert.deepEqual(
    charts.map((chart) => chart.name),
    PLOTS.slice(0, -1),
  );
});

test('names are names: dots, brackets and commas are neither paths nor columns', async () => {
  const names = ['relu.16', 'a[0]', 'x, y', '(b) + c: d', '93 others'];
  const charts = chartsOf({ ...comparison, models: names.map((name) => compared(name, SOLVER)) });
  for (const chart of charts) {
    const view = new vega.View(vega.parse(compile(chart)), { renderer: 'none' });
    await view.runAsync();
    const svg = await view.toSVG();
    for (const name of names) assert.ok(svg.includes(name), `${chart.name}: ${name}`);
  }
});

for (const count of [1, 8, 9, 100]) {
  test(`${count} models are drawn without a warning and within reason`, () => {
    const model = compared('model', SOLVER);
    const models = Array.from({ length: count }, (_, index) => ({ ...model, name: `model ${index}` }));
    for (const chart of chartsOf({ ...comparison, models })) {
      const text = JSON.stringify(compile(chart));
      assert.ok(text.length < 1_000_000, `${chart.name}: ${text.length} bytes`);
    }
  });
}

test('of more models than colours the best four and the worst three stand out, and the others are counted', () => {
  const model = compared('model', SOLVER);
  const models = Array.from({ length: 12 }, (_, index) => ({
    ...model,
    name: `model ${index}`,
    test: { loss: 1, accuracy: index / 12 },
  }));
  const loss = chartsOf({ ...comparison, models }).find((chart) => chart.name === 'loss');
  const domain = /"domain":\["model 0","model 1","model 2","model 8","model 9","model 10","model 11","… 5 others"\]/;
  assert.match(JSON.stringify(loss?.spec), domain);
});

test('the surfaces of many models are coarser', () => {
  const cells = [1, 4, 20, 100].map(cellsFor);
  assert.deepEqual(
    cells,
    [...cells].sort((a, b) => b - a),
  );
});
