import { type Chart, headline, INK, type Position, SCHEMA, type Spec } from '../../plots/theme.ts';
import { area, counted, every } from '../../plots/wording.ts';
import { type Comparison, extremes, testSizeOf } from '../comparison.ts';
import { backToFront, seriesColor, seriesOf, short, toCsv } from './series.ts';

const SIDE = 480;

/** The ROC curves on the test points, with their areas in the legend. */
export function rocChart(comparison: Comparison): Chart {
  const { experimentName, models } = comparison;
  const series = seriesOf(models, (model) => `AUC ${area(model.roc.auc)}: ${model.name}`);
  const rows = backToFront(models, series).flatMap((model) =>
    model.roc.points.map((point, order) => [
      short(point.falsePositiveRate),
      short(point.truePositiveRate),
      short(point.threshold),
      order,
      model.name,
      series.labelOf(model),
    ]),
  );
  const title = titleOf(comparison);
  const subtitle = `${experimentName} · ${counted(testSizeOf(comparison), 'test point')}; dashed: guessing (AUC 0.5)`;
  const rate = (field: string, name: string): Position => ({
    field,
    type: 'quantitative',
    title: name,
    scale: { domain: [0, 1], nice: false },
    axis: { format: '.0%', tickCount: 5, labelFlush: false },
  });
  const spec: Spec = {
    $schema: SCHEMA,
    title: headline(title, subtitle, SIDE + 60),
    width: SIDE,
    height: SIDE,
    layer: [
      {
        data: { values: [{ from: 0, to: 1 }] },
        mark: { type: 'rule', color: INK.rule, strokeWidth: 1.5, strokeDash: [5, 4] },
        encoding: {
          x: { field: 'from', type: 'quantitative' },
          y: { field: 'from', type: 'quantitative' },
          x2: { field: 'to' },
          y2: { field: 'to' },
        },
      },
      {
        data: {
          values: toCsv(['fpr', 'tpr', 'threshold', 'order', 'model', 'series'], rows),
          format: { type: 'csv', parse: { fpr: 'number', tpr: 'number', threshold: 'number', order: 'number' } },
        },
        mark: { type: 'line', strokeWidth: 2.5, aria: false },
        encoding: {
          x: rate('fpr', 'false positive rate (share of class 0)'),
          y: rate('tpr', 'true positive rate (share of class 1)'),
          order: { field: 'order', type: 'quantitative' },
          detail: { field: 'model', type: 'nominal' },
          color: seriesColor(series, SIDE + 60),
          tooltip: [{ field: 'model', type: 'nominal', title: 'model' }],
        },
      },
    ],
  };
  return { name: 'roc', title, spec };
}

function titleOf({ models }: Comparison): string {
  if (models.every((model) => model.roc.points.length === 0)) {
    return 'No ROC curve: all test points are of one class';
  }
  const { highest: best, lowest: worst } = extremes(models, (model) => model.roc.auc);
  const top = area(best.roc.auc);
  if (models.length === 1) return `${best.name}: the classes told apart with an AUC of ${top}`;
  if (best.roc.auc === worst.roc.auc)
    return `${every(models.length, 'model')} tell the classes apart with an AUC of ${top}`;
  const guessing = Math.abs(worst.roc.auc - 0.5) < 0.05 ? ', close to guessing' : '';
  return `${best.name}: the classes told apart best, AUC ${top}; ${worst.name}: ${area(worst.roc.auc)}${guessing}`;
}
