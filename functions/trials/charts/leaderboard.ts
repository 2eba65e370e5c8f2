import { textWidth } from '../../plots/font.ts';
import { type Chart, headline, INK, type Layer, SCHEMA, SIZE, type Spec } from '../../plots/theme.ts';
import { count, counted } from '../../plots/wording.ts';
import { type JudgedTrial, ranked, type Search } from '../search.ts';
import { metricName, metricValue, parts } from '../wording.ts';
import { cellOf, columnsOf } from './columns.ts';

const ROWS = 10;
/** Pixels. */
const ROW = 30;
const LINE = 17;
const PADDING = 22;

/** The best trials as a table: rank, name, objective, other metrics, hyperparameters. */
export function leaderboardChart(search: Search): Chart | undefined {
  const { experiment, objective, trials } = search;
  const order = ranked(search);
  const best = order[0];
  if (!objective || !best) return undefined;
  const columns = columnsOf(search, order.slice(0, ROWS));
  const lines = Math.max(...columns.map(({ heading }) => heading.length));
  const top = lines * LINE + 14;
  const shown = Math.min(ROWS, order.length);
  const texts: Text[] = [];
  let x = 0;
  for (const { heading, cells, isNumber, isMain } of columns) {
    const width = Math.ceil(
      Math.max(
        ...heading.map((line) => textWidth(line, SIZE.label, 600)),
        ...cells.map((cell) => textWidth(cell, SIZE.axisTitle, isMain ? 600 : 400)),
      ),
    );
    const align = isNumber ? ('right' as const) : ('left' as const);
    const at = isNumber ? x + width : x;
    for (const [line, text] of heading.entries()) {
      texts.push({ x: at, y: top - 10 - (heading.length - 1 - line) * LINE, text, weight: 600, align, isHead: true });
    }
    for (const [row, text] of cells.entries()) {
      texts.push({ x: at, y: top + row * ROW + ROW / 2, text, weight: isMain ? 600 : 400, align, isHead: false });
    }
    x += width + PADDING;
  }
  const width = x - PADDING;
  const title = titleOf(search, order);
  const left = trials.length - order.length;
  const subtitle = parts(
    experiment,
    trials.length === 1 ? 'the only trial so far' : `the best ${shown} of ${counted(trials.length, 'trial')}`,
    left > 0 ? `${left} failed` : '',
    order.slice(0, ROWS).some(({ status }) => status === 'stopped') ? '* stopped early' : '',
  );
  const spec: Spec = {
    $schema: SCHEMA,
    title: headline(title, subtitle, Math.max(width, 520)),
    width,
    height: top + shown * ROW,
    layer: [...groundLayers(shown, top, width), ...textLayers(texts)],
  };
  return { name: 'leaderboard', title, spec };
}

interface Text {
  readonly x: number;
  readonly y: number;
  readonly text: string;
  readonly weight: 400 | 600;
  readonly align: 'left' | 'right';
  readonly isHead: boolean;
}

const PIXELS = { type: 'quantitative', scale: null, axis: null } as const;

/** A line under the headings and a ground under every other row. */
function groundLayers(rows: number, top: number, width: number): Layer[] {
  const stripes = Array.from({ length: Math.floor((rows + 1) / 2) }, (_, index) => ({
    left: -10,
    right: width + 10,
    from: top + 2 * index * ROW,
    to: top + (2 * index + 1) * ROW,
  }));
  const sides = { x: { field: 'left', ...PIXELS }, x2: { field: 'right' }, y: { field: 'from', ...PIXELS } } as const;
  return [
    {
      data: { values: stripes },
      mark: { type: 'rect', color: '#f1f4f8', aria: false, tooltip: null },
      encoding: { ...sides, y2: { field: 'to' } },
    },
    {
      data: { values: [{ left: -10, right: width + 10, from: top }] },
      mark: { type: 'rule', color: INK.rule, strokeWidth: 1.5, aria: false },
      encoding: sides,
    },
  ];
}

function textLayers(texts: readonly Text[]): Layer[] {
  return [true, false].flatMap((isHead) =>
    (['left', 'right'] as const).flatMap((align) =>
      ([400, 600] as const).flatMap((weight): Layer[] => {
        const values = texts
          .filter((text) => text.isHead === isHead && text.align === align && text.weight === weight)
          .map(({ x, y, text }) => ({ x, y, text }));
        if (values.length === 0) return [];
        return [
          {
            data: { values },
            mark: {
              type: 'text',
              align,
              baseline: isHead ? 'alphabetic' : 'middle',
              fontSize: isHead ? SIZE.label : SIZE.axisTitle,
              fontWeight: weight,
              color: isHead ? INK.muted : INK.text,
            },
            encoding: {
              x: { field: 'x', ...PIXELS },
              y: { field: 'y', ...PIXELS },
              text: { field: 'text', type: 'nominal' },
            },
          },
        ];
      }),
    ),
  );
}

function titleOf({ objective }: Search, order: readonly JudgedTrial[]): string {
  const [best, second] = order;
  if (!objective || !best) return '';
  const metric = metricName(objective.metric);
  const value = metricValue(objective.metric, best.value);
  const equals = order.filter((trial) => trial.value === best.value).length;
  if (equals > 1) return `${count(equals)} trials share the best ${metric}, ${value}`;
  if (!second) return `${best.name}: ${metric} ${value}`;
  return `${best.name} leads with a ${metric} of ${cellOf(objective.metric, best.value)}, before ${cellOf(objective.metric, second.value)}`;
}
