import type { Layer, Position } from '../../plots/theme.ts';
import type { ComparedModel, Comparison } from '../comparison.ts';
import type { Curve } from '../curve.ts';
import { backToFront, type Series, seriesColor, short, toCsv } from './series.ts';

export const WIDTH = 640;
export const HEIGHT = 360;

const SPLITS = ['training', 'validation'] as const;

/** Rows of the two curves of each model; a model without a colour of its own shows its validation only. */
export function historyRows(
  { models }: Comparison,
  series: Series,
  curvesOf: (model: ComparedModel) => { training: Curve; validation: Curve },
  adjust = (value: number) => value,
): string {
  const rows: (string | number)[][] = [];
  for (const model of backToFront(models, series)) {
    const curves = curvesOf(model);
    for (const split of SPLITS) {
      if (split === 'training' && !series.stands(model)) continue;
      const { epochs, values } = curves[split];
      for (const [index, epoch] of epochs.entries()) {
        const row = [epoch, short(adjust(values[index] ?? Number.NaN)), split, model.name];
        rows.push(series.field === 'series' ? [...row, series.labelOf(model)] : row);
      }
    }
  }
  const header = ['epoch', 'value', 'split', 'model'];
  return toCsv(series.field === 'series' ? [...header, 'series'] : header, rows);
}

/** The lines over the epochs: a colour per model, solid on the training points, dashed on the validation points. */
export function historyLayer(
  csv: string,
  series: Series,
  epochs: number,
  value: { y: Position; title: string; format: string },
): Layer {
  return {
    data: { values: csv, format: { type: 'csv', parse: { epoch: 'number', value: 'number' } } },
    mark: { type: 'line', aria: false },
    encoding: {
      x: {
        field: 'epoch',
        type: 'quantitative',
        title: 'epoch (passes over the training points)',
        scale: { domain: [0, epochs], nice: false },
        axis: { grid: false, format: ',d', tickMinStep: 1, tickCount: 6, labelFlush: false },
      },
      y: { field: 'value', type: 'quantitative', ...value.y } as Position,
      color: seriesColor(series, WIDTH),
      detail: { field: 'model', type: 'nominal' },
      strokeDash: {
        field: 'split',
        type: 'nominal',
        scale: {
          domain: [...SPLITS],
          range: [
            [1, 0],
            [5, 4],
          ],
        },
        legend: null,
      },
      strokeWidth: {
        field: 'split',
        type: 'ordinal',
        sort: [...SPLITS],
        scale: { domain: [...SPLITS], range: [2.2, 1.4] },
        legend: null,
      },
      tooltip: [
        { field: 'model', type: 'nominal', title: 'model' },
        { field: 'split', type: 'nominal', title: 'points' },
        { field: 'epoch', type: 'quantitative', title: 'epoch', format: ',d' },
        { field: 'value', type: 'quantitative', title: value.title, format: value.format },
      ],
    },
  };
}

/** What the line styles mean. */
export function linesOf(series: Series): string {
  const others = series.field === 'series' ? '; of the grey ones only these' : '';
  return `solid: training points; dashed: validation points${others}`;
}

/** The greatest number of epochs of any model. */
export function epochsOf({ models }: Comparison): number {
  return Math.max(...models.map((model) => model.history.epochs));
}
