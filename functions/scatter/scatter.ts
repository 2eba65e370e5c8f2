import type { Points } from '../dataset/points.ts';
import {
  type Chart,
  CLASS_COLORS,
  headline,
  INK,
  type Mark,
  type Position,
  SCHEMA,
  type Spec,
} from '../plots/theme.ts';
import { count, counted, percent } from '../plots/wording.ts';

/** More points than these are a grey mass, and a spec of many megabytes. */
export const MAX_POINTS = 10_000;

const SIDE = 520;
const BORDER: Mark = { type: 'rule', color: INK.text, strokeWidth: 1.5, strokeDash: [6, 4] };

export interface ScatterInput {
  readonly experimentName: string;
  readonly split: 'train' | 'test';
  readonly points: Points;
}

const SPLITS = { train: 'training', test: 'test' } as const;

/** The first two coordinates of a split's points, coloured by class, with the borders that a model has to find. */
export function scatterChart({ experimentName, split, points }: ScatterInput): Chart {
  const [xs, ys] = points.coordinates;
  const shown = Math.min(points.size, MAX_POINTS);
  const rows = ['x0,x1,class'];
  for (let index = 0; index < shown; index++) {
    rows.push(`${rounded(xs?.[index])},${rounded(ys?.[index])},${points.labels[index]}`);
  }
  const title = titleOf(points, SPLITS[split]);
  // Points are drawn independently, so that the first ones are a fair sample.
  const sample =
    shown < points.size ? `the first ${count(shown)} of ${counted(points.size, 'point')}` : counted(shown, 'point');
  const spec: Spec = {
    $schema: SCHEMA,
    title: headline(title, `${experimentName} · ${SPLITS[split]} set, ${sample}`, SIDE),
    width: SIDE,
    height: SIDE,
    layer: [
      {
        data: {
          values: rows.join('\n'),
          format: { type: 'csv', parse: { x0: 'number', x1: 'number', class: 'number' } },
        },
        mark: { type: 'circle', size: sizeOf(shown), opacity: 1, aria: false, tooltip: null },
        encoding: {
          x: coordinate('x0', 'first coordinate x₀ (no unit)'),
          y: coordinate('x1', 'second coordinate x₁ (no unit)'),
          color: {
            field: 'class',
            type: 'nominal',
            scale: { domain: [0, 1], range: [...CLASS_COLORS] },
            legend: {
              orient: 'top',
              title: null,
              labelExpr: "datum.value ? 'class 1: they round differently' : 'class 0: the coordinates round alike'",
            },
          },
        },
      },
      { data: { values: [{}] }, mark: BORDER, encoding: { x: { datum: 0.5 } } },
      { data: { values: [{}] }, mark: BORDER, encoding: { y: { datum: 0.5 } } },
    ],
  };
  return { name: `scatter-${split}`, title, spec };
}

function coordinate(field: string, title: string): Position {
  return {
    field,
    type: 'quantitative',
    title,
    scale: { domain: [0, 1], nice: false },
    axis: { grid: false, values: [0, 0.25, 0.5, 0.75, 1], format: '.2~f', labelFlush: false },
  };
}

function titleOf(points: Points, split: string): string {
  let ones = 0;
  for (const label of points.labels) ones += label;
  if (ones === 0 || ones === points.size) return `All ${split} points are of class ${ones === 0 ? 0 : 1}`;
  return `Each class lies in two opposite quadrants; class 1 has ${percent(ones / points.size)} of the ${split} points`;
}

/** The area of a point, in square pixels: fewer points are drawn larger. */
function sizeOf(shown: number): number {
  return Math.round(Math.min(60, Math.max(8, 25_000 / shown)));
}

const rounded = (value = 0) => Math.round(value * 10_000) / 10_000;
