import { textWidth } from '../../plots/font.ts';
import { type Color, INK, SERIES_COLORS, SIZE } from '../../plots/theme.ts';
import { count } from '../../plots/wording.ts';
import type { ComparedModel } from '../comparison.ts';

/** How the models of a chart are told apart. */
export interface Series {
  /** What the colour stands for: the model's name, or where not every model has a colour the series. */
  readonly field: 'model' | 'series';
  /** The legend's entries, in order, and their colours. */
  readonly domain: string[];
  readonly range: string[];
  /** The entry that a model belongs to. */
  labelOf(model: ComparedModel): string;
  /** Whether the model has a colour of its own. */
  stands(model: ComparedModel): boolean;
}

const BEST = 4;
const WORST = 3;
/** The pixels of a legend's label: two columns fit every chart. */
const LEGEND_LABEL = 220;

/**
 * One colour per model; where there are more models than colours, the best four and the worst three on the test points
 * stand out, and the others are grey.
 */
export function seriesOf(models: readonly ComparedModel[], label = (model: ComparedModel) => model.name): Series {
  const ranked = models.toSorted((a, b) => b.test.accuracy - a.test.accuracy);
  const outstanding = new Set(
    models.length <= SERIES_COLORS.length ? models : [...ranked.slice(0, BEST), ...ranked.slice(-WORST)],
  );
  // No model's name can begin so.
  const others = `… ${count(models.length - outstanding.size)} others`;
  const own = models.filter((model) => outstanding.has(model));
  const domain = own.map(label);
  const range: string[] = SERIES_COLORS.slice(0, own.length);
  return {
    field: outstanding.size < models.length || own.some((model) => label(model) !== model.name) ? 'series' : 'model',
    domain: outstanding.size < models.length ? [...domain, others] : domain,
    range: outstanding.size < models.length ? [...range, INK.others] : range,
    labelOf: (model) => (outstanding.has(model) ? label(model) : others),
    stands: (model) => outstanding.has(model),
  };
}

/** The models in the order of drawing: the grey ones first, below the others. */
export function backToFront(models: readonly ComparedModel[], series: Series): ComparedModel[] {
  return models.toSorted((a, b) => Number(series.stands(a)) - Number(series.stands(b)));
}

/** The colour channel, with a legend above the chart whose columns fit the width. */
export function seriesColor(series: Series, width: number): Color {
  const widest = Math.min(LEGEND_LABEL, Math.max(...series.domain.map((label) => textWidth(label, SIZE.label))));
  return {
    field: series.field,
    type: 'nominal',
    scale: { domain: series.domain, range: series.range },
    legend:
      series.domain.length > 1
        ? {
            orient: 'top',
            title: null,
            labelLimit: LEGEND_LABEL,
            columns: Math.max(1, Math.min(series.domain.length, Math.floor(width / (widest + 46)))),
            symbolType: 'stroke',
            symbolOpacity: 1,
            symbolDash: [1, 0],
            symbolSize: 400,
          }
        : null,
  };
}

/** Rows as CSV with quoted strings: a name is a value there, whatever stands in it. */
export function toCsv(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const cell = (value: string | number) =>
    typeof value === 'number' ? String(value) : `"${value.replaceAll('"', '""')}"`;
  return [header.join(','), ...rows.map((row) => row.map(cell).join(','))].join('\n');
}

/** Five significant digits: more than any chart can show. */
export function short(value: number): number {
  return Number(value.toPrecision(5));
}
