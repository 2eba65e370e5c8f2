import type { Config, TopLevelSpec } from 'vega-lite';
import { FONT, wrapText } from './font.ts';

/** A complete Vega-Lite spec with its data in it. */
export type Spec = TopLevelSpec;

/** One layer of a chart. */
export type Layer = Extract<Spec, { layer: unknown }>['layer'][number];
type Unit = Extract<Layer, { mark: unknown }>;
export type Mark = Unit['mark'];
export type Position = NonNullable<NonNullable<Unit['encoding']>['x']>;
export type Color = NonNullable<NonNullable<Unit['encoding']>['color']>;

export const SCHEMA = 'https://vega.github.io/schema/vega-lite/v6.json';

/** One chart of an experiment, not yet drawn. */
export interface Chart {
  /** Lower-case letters, digits and dashes: the file name of its artifacts. */
  readonly name: string;
  /** What the chart shows to be true, in one sentence. */
  readonly title: string;
  readonly spec: Spec;
}

/** The two classes, blue and vermilion: told apart by every common kind of colour vision, and in grey. */
export const CLASS_COLORS = ['#0072B2', '#D55E00'] as const;

/** Okabe and Ito's palette (2008) without its yellow, which is lost on white, and with an olive instead. */
export const SERIES_COLORS = [
  '#0072B2',
  '#D55E00',
  '#009E73',
  '#CC79A7',
  '#E69F00',
  '#56B4E9',
  '#000000',
  '#8A8A1F',
] as const;

export const INK = { text: '#1a1a1a', muted: '#595959', grid: '#e6e6e6', rule: '#8c8c8c', others: '#c4c4c4' } as const;

export const SIZE = { title: 18, subtitle: 14, label: 13, axisTitle: 14 } as const;

/** The look of every chart: one font, sizes that can be read at half the size, no ornament. */
export const THEME: Config = {
  // Pictures have the first; a page in a browser takes what there is.
  font: `${FONT}, system-ui, sans-serif`,
  background: '#ffffff',
  padding: 16,
  view: { stroke: null },
  title: {
    anchor: 'start',
    frame: 'bounds',
    color: INK.text,
    fontSize: SIZE.title,
    fontWeight: 600,
    lineHeight: 24,
    offset: 14,
    subtitleColor: INK.muted,
    subtitleFontSize: SIZE.subtitle,
    subtitleLineHeight: 20,
    subtitlePadding: 6,
  },
  axis: {
    domainColor: INK.rule,
    gridColor: INK.grid,
    labelColor: INK.text,
    labelFontSize: SIZE.label,
    labelPadding: 5,
    tickColor: INK.rule,
    titleColor: INK.text,
    titleFontSize: SIZE.axisTitle,
    titleFontWeight: 400,
    titlePadding: 10,
  },
  legend: {
    labelColor: INK.text,
    labelFontSize: SIZE.label,
    labelLimit: 0,
    symbolSize: 140,
    symbolStrokeWidth: 2.5,
    symbolOpacity: 1,
    titleColor: INK.text,
    titleFontSize: SIZE.label,
    titleFontWeight: 600,
    rowPadding: 5,
    columnPadding: 18,
  },
  header: { labelColor: INK.text, labelFontSize: SIZE.axisTitle, labelFontWeight: 600, labelPadding: 6 },
  line: { strokeWidth: 2, strokeCap: 'round', strokeJoin: 'round' },
};

/** A headline of lines that fit the width, over a line that says what was looked at. */
export function headline(title: string, subtitle: string, width: number): { text: string[]; subtitle: string[] } {
  return {
    text: wrapText(title, width, SIZE.title, 600),
    subtitle: wrapText(subtitle, width, SIZE.subtitle),
  };
}
