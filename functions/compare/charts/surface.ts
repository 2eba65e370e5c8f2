import {
  type Chart,
  CLASS_COLORS,
  headline,
  INK,
  type Layer,
  type Mark,
  type Position,
  SCHEMA,
  type Spec,
} from '../../plots/theme.ts';
import { count, every, percent } from '../../plots/wording.ts';
import { type ComparedModel, type Comparison, extremes, type Surface } from '../comparison.ts';
import { columnsOf, facetAxes, facetByModel, facetName } from './facets.ts';
import { toCsv } from './series.ts';

/** The pixels of a cell's side: whole ones, so that no seams show. */
const CELL = 5;
const BORDER: Mark = { type: 'rule', color: INK.text, strokeWidth: 1.5, strokeDash: [6, 4] };

const COLUMNS = ['left', 'right', 'bottom', 'top', 'probability', 'index'];

/** Cells along a side: fewer where many squares have to fit a page. */
export function cellsFor(models: number): number {
  if (models <= 3) return 56;
  if (models <= 9) return 44;
  return models <= 25 ? 32 : 24;
}

/** Test points on each square: few, or none, where they would hide it. */
function samplesFor(models: number): number {
  if (models <= 4) return 200;
  return models <= 25 ? 60 : 0;
}

/** Each two-dimensional model's probability of class 1 over the square, with the true borders and some test points. */
export function surfaceChart(comparison: Comparison): Chart {
  const { experimentName, models } = comparison;
  const samples = comparison.samples.slice(0, samplesFor(models.length));
  const cells = models[0]?.surface?.cells ?? 0;
  const side = cells * CELL;
  const rows = models.flatMap((model, index) =>
    (model.surface ? runsOf(model.surface) : []).map(({ row, from, to, value }) => [
      edge(from, cells),
      edge(to, cells),
      edge(row, cells),
      edge(row + 1, cells),
      value,
      index,
      facetName(model.name, index, models.length),
    ]),
  );
  const columns = columnsOf(models.length);
  const title = titleOf(models);
  const circles = samples.length > 0 ? `; circles: ${count(samples.length)} of the test points` : '';
  const subtitle = `${experimentName} · colour: probability of class 1; dashed: the true borders${circles}`;
  const coordinate = (field: string, name: string): Position => ({
    field,
    type: 'quantitative',
    title: name,
    scale: { domain: [0, 1], nice: false },
    axis: { grid: false, values: [0, 0.5, 1], format: '.1~f', labelFlush: false },
  });
  const spec: Spec = {
    $schema: SCHEMA,
    title: headline(title, subtitle, Math.max(560, columns * (side + 24))),
    data: {
      values: toCsv([...COLUMNS, 'model'], rows),
      format: { type: 'csv', parse: Object.fromEntries(COLUMNS.map((column) => [column, 'number'])) },
    },
    facet: facetByModel(side),
    columns,
    spacing: 28,
    resolve: facetAxes(models.length),
    spec: {
      width: side,
      height: side,
      layer: [
        {
          mark: { type: 'rect', aria: false },
          encoding: {
            x: coordinate('left', 'x₀ (no unit)'),
            x2: { field: 'right' },
            y: coordinate('bottom', 'x₁ (no unit)'),
            y2: { field: 'top' },
            color: {
              field: 'probability',
              type: 'quantitative',
              title: 'P(class 1)',
              scale: { domain: [0, 0.5, 1], range: [CLASS_COLORS[0], '#f7f7f7', CLASS_COLORS[1]], interpolate: 'rgb' },
              legend: { format: '.0%', values: [0, 0.25, 0.5, 0.75, 1], gradientLength: Math.min(200, side) },
            },
            tooltip: { field: 'probability', type: 'quantitative', title: 'P(class 1)', format: '.0%' },
          },
        },
        { data: { values: [{}] }, mark: BORDER, encoding: { x: { datum: 0.5 } } },
        { data: { values: [{}] }, mark: BORDER, encoding: { y: { datum: 0.5 } } },
        ...[0, 1].map(
          (label): Layer => ({
            data: { values: samples.filter((sample) => sample.label === label).map(({ x0, x1 }) => ({ x0, x1 })) },
            mark: {
              type: 'circle',
              size: 22,
              opacity: 0.9,
              color: CLASS_COLORS[label === 0 ? 0 : 1],
              stroke: '#ffffff',
              strokeWidth: 1,
              aria: false,
              tooltip: null,
            },
            encoding: { x: { field: 'x0', type: 'quantitative' }, y: { field: 'x1', type: 'quantitative' } },
          }),
        ),
      ],
    },
  };
  return { name: 'decision-surface', title, spec };
}

function titleOf(models: readonly ComparedModel[]): string {
  const { highest: best, lowest: worst } = extremes(models, rightShare);
  const share = `${percent(rightShare(best))} of the square in the right class`;
  if (models.length === 1) return `${best.name}: ${share}`;
  if (rightShare(best) === rightShare(worst)) return `${every(models.length, 'model')}: ${share}`;
  return `${best.name}: ${share}; ${worst.name}: ${percent(rightShare(worst))}`;
}

const rightShare = ({ surface }: ComparedModel) => surface?.right ?? 0;

/** Neighbours in a row with one percentage are one rectangle: large parts of a surface are plain 0 or 100 %. */
function runsOf({ cells, values }: Surface): { row: number; from: number; to: number; value: number }[] {
  const runs: { row: number; from: number; to: number; value: number }[] = [];
  for (const [cell, probability] of values.entries()) {
    const row = Math.floor(cell / cells);
    const from = cell % cells;
    const value = Math.round(probability * 100) / 100;
    const run = runs.at(-1);
    if (run?.row === row && run.value === value) run.to = from + 1;
    else runs.push({ row, from, to: from + 1, value });
  }
  return runs;
}

const edge = (cell: number, cells: number) => Math.round((cell / cells) * 100_000) / 100_000;
