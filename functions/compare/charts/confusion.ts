import { type Chart, CLASS_COLORS, headline, INK, type Layer, SCHEMA, type Spec } from '../../plots/theme.ts';
import { count, counted, every, percent } from '../../plots/wording.ts';
import { type ComparedModel, type Comparison, extremes, testSizeOf } from '../comparison.ts';
import { columnsOf, facetAxes, facetByModel, facetName } from './facets.ts';
import { short } from './series.ts';

/** A confusion matrix per model: counts, and shares of the actual class. */
export function confusionChart(comparison: Comparison): Chart {
  const { experimentName, models } = comparison;
  const rows = models.flatMap((model, index) => {
    const { trueZeros, falseOnes, falseZeros, trueOnes } = model.confusion;
    const cell = (actual: number, predicted: number, points: number, other: number) => ({
      model: facetName(model.name, index, models.length),
      index,
      actual,
      predicted,
      points,
      count: count(points),
      share: short(points / Math.max(1, points + other)),
      percent: percent(points / Math.max(1, points + other)),
    });
    return [
      cell(0, 0, trueZeros, falseOnes),
      cell(0, 1, falseOnes, trueZeros),
      cell(1, 0, falseZeros, trueOnes),
      cell(1, 1, trueOnes, falseZeros),
    ];
  });
  const { cell, counts, shares } = sizesOf(models.length);
  const columns = columnsOf(models.length);
  const title = titleOf(comparison);
  const subtitle = `${experimentName} · ${counted(testSizeOf(comparison), 'test point')}; shares are of the actual class`;
  const ink = { condition: { test: 'datum.share > 0.85', value: '#ffffff' }, value: INK.text };
  const text = (field: string, fontSize: number, dy: number, fontWeight: 400 | 600): Layer => ({
    mark: { type: 'text', fontSize, dy, fontWeight },
    encoding: { text: { field, type: 'nominal' }, color: ink },
  });
  const spec: Spec = {
    $schema: SCHEMA,
    title: headline(title, subtitle, Math.max(520, columns * (2 * cell + 20))),
    data: { values: rows },
    facet: facetByModel(2 * cell),
    columns,
    spacing: 24,
    resolve: facetAxes(models.length),
    spec: {
      width: 2 * cell,
      height: 2 * cell,
      encoding: {
        x: {
          field: 'predicted',
          type: 'ordinal',
          title: 'predicted class',
          axis: { labelAngle: 0, domain: false, ticks: false },
        },
        y: { field: 'actual', type: 'ordinal', title: 'actual class', axis: { domain: false, ticks: false } },
      },
      layer: [
        {
          mark: { type: 'rect', stroke: '#ffffff', strokeWidth: 2 },
          encoding: {
            color: {
              field: 'share',
              type: 'quantitative',
              scale: { domain: [0, 1], range: ['#eef3f7', CLASS_COLORS[0]] },
              legend: null,
            },
            tooltip: [
              { field: 'model', type: 'nominal', title: 'model' },
              { field: 'actual', type: 'ordinal', title: 'actual class' },
              { field: 'predicted', type: 'ordinal', title: 'predicted class' },
              { field: 'count', type: 'nominal', title: 'points' },
              { field: 'percent', type: 'nominal', title: 'share of the actual class' },
            ],
          },
        },
        ...(counts > 0 ? [text('count', counts, -Math.round(shares * 0.7), 600)] : []),
        text('percent', shares, counts > 0 ? Math.round(counts * 0.6) : 0, 400),
      ],
    },
  };
  return { name: 'confusion', title, spec };
}

function titleOf(comparison: Comparison): string {
  const errors = ({ confusion }: ComparedModel) => confusion.falseOnes + confusion.falseZeros;
  const { lowest: best, highest: worst } = extremes(comparison.models, errors);
  const size = testSizeOf(comparison);
  const points = `${count(errors(best))} of ${counted(size, 'unseen point')}`;
  if (comparison.models.length === 1) return `${best.name}: ${points} misjudged`;
  if (errors(best) === errors(worst)) return `${every(comparison.models.length, 'model')} misjudge ${points}`;
  return `${best.name}: ${points} misjudged; ${worst.name}: ${count(errors(worst))}`;
}

/** The side of a cell and the sizes of what stands in it, in pixels; no counts where there is no room. */
function sizesOf(models: number): { cell: number; counts: number; shares: number } {
  if (models <= 4) return { cell: 116, counts: 22, shares: 14 };
  if (models <= 9) return { cell: 96, counts: 18, shares: 13 };
  if (models <= 25) return { cell: 72, counts: 15, shares: 12 };
  return { cell: 54, counts: 0, shares: 13 };
}
