import { type Chart, headline, INK, type Position, SCHEMA, SIZE, type Spec } from '../../plots/theme.ts';
import { counted, every, percent } from '../../plots/wording.ts';
import { type Comparison, chanceOf, extremes, intervalOf, isAtChance, testSizeOf } from '../comparison.ts';
import { seriesColor, seriesOf, short } from './series.ts';

const WIDTH = 400;
/** Beside the chart: the names to the left, the numbers to the right. */
const NAMES = 300;

/** Accuracy on the test points with its 95 % interval, beside what guessing reaches. */
export function testAccuracyChart(comparison: Comparison): Chart {
  const { experimentName, models } = comparison;
  const series = seriesOf(models);
  const chance = chanceOf(comparison);
  const rows = models.map((model) => {
    const { low, high } = intervalOf(model, comparison);
    return {
      model: model.name,
      series: series.labelOf(model),
      accuracy: short(model.test.accuracy),
      low: short(low),
      high: short(high),
      label: `${percent(model.test.accuracy)}  (${bound(low)} to ${bound(high)})`,
    };
  });
  const lowest = Math.min(chance, ...rows.map((row) => row.low));
  const start = Math.max(0, Math.floor(lowest * 10 - 0.2) / 10);
  const title = titleOf(comparison);
  const subtitle = `${experimentName} · ${counted(testSizeOf(comparison), 'test point')}; bars: 95% Wilson confidence intervals`;
  const y: Position = {
    field: 'model',
    type: 'nominal',
    title: null,
    scale: { domain: models.map((model) => model.name) },
    axis: { labelLimit: NAMES, domain: false, ticks: false, labelPadding: 10 },
  };
  const color = { ...seriesColor(series, WIDTH), legend: null };
  const tooltip = [
    { field: 'model', type: 'nominal', title: 'model' },
    { field: 'label', type: 'nominal', title: 'accuracy' },
  ] as const;
  const spec: Spec = {
    $schema: SCHEMA,
    title: headline(title, subtitle, WIDTH + NAMES),
    width: WIDTH,
    height: { step: stepOf(models.length) },
    data: { values: rows },
    layer: [
      {
        mark: { type: 'rule', color: INK.rule, strokeWidth: 1.5, strokeDash: [5, 4] },
        encoding: { x: { datum: short(chance) } },
      },
      {
        data: { values: [{}] },
        mark: {
          type: 'text',
          text: `chance level ${percent(chance)}`,
          align: 'left',
          dx: -4,
          color: INK.muted,
          fontSize: SIZE.label,
        },
        encoding: { x: { datum: short(chance) }, y: { value: -10 } },
      },
      {
        mark: { type: 'rule', strokeWidth: 10, strokeOpacity: 0.4, strokeCap: 'butt' },
        encoding: {
          x: {
            field: 'low',
            type: 'quantitative',
            title: 'accuracy on the test points (share)',
            scale: { domain: [start, 1], nice: false, zero: false },
            axis: { format: '.0%', tickCount: 6, labelFlush: false },
          },
          x2: { field: 'high' },
          y,
          color,
          tooltip: [...tooltip],
        },
      },
      {
        mark: { type: 'circle', size: 48, opacity: 1 },
        encoding: { x: { field: 'accuracy', type: 'quantitative' }, y, color, tooltip: [...tooltip] },
      },
      {
        mark: { type: 'text', align: 'left', fontSize: SIZE.label, color: INK.text },
        encoding: { x: { value: WIDTH + 18 }, y, text: { field: 'label', type: 'nominal' } },
      },
    ],
  };
  return { name: 'test-accuracy', title, spec };
}

function titleOf(comparison: Comparison): string {
  const { models } = comparison;
  const { highest: best, lowest: worst } = extremes(models, (model) => model.test.accuracy);
  const lost = models.filter((model) => isAtChance(model, comparison));
  const [loser] = lost;
  const top = percent(best.test.accuracy);
  const bottom = percent(worst.test.accuracy);
  const lead = `${best.name}: ${top} on unseen points`;
  if (models.length === 1) return loser ? `${lead}, no better than chance` : lead;
  const range = top === bottom ? top : `${bottom} to ${top}`;
  if (lost.length === models.length) return `No model beats chance on unseen points: ${range}`;
  if (loser && lost.length === 1)
    return `${lead}; ${loser.name}: no better than chance (${percent(loser.test.accuracy)})`;
  if (loser) return `${lead}; ${lost.length} of ${models.length} models do not beat chance`;
  const isClear = intervalOf(worst, comparison).high < intervalOf(best, comparison).low;
  if (!isClear) return `${every(models.length, 'model')} reach ${range} on unseen points: no clear winner`;
  return `${lead}; last is ${worst.name} with ${bottom}`;
}

/** A bound of an interval, in percent without the sign. */
const bound = (share: number) => percent(share).replace(/\.0%$|%$/, '');

function stepOf(models: number): number {
  return models <= 12 ? 40 : models <= 30 ? 26 : 20;
}
