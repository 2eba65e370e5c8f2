import { type Chart, headline, INK, type Layer, type Position, SCHEMA, SIZE, type Spec } from '../../plots/theme.ts';
import { counted, every } from '../../plots/wording.ts';
import { bandOf } from '../band.ts';
import { numberScale, type Scale, scaleOf, short } from '../scales.ts';
import { type JudgedTrial, judged, parametersOf, ranked, type Search } from '../search.ts';
import { assignmentText, metricName, metricValue, objectiveName, parts } from '../wording.ts';
import { breakName, fit } from './names.ts';

const HEIGHT = 360;
/** Pixels between two axes. */
const GAP = { min: 112, max: 190 };
const WIDTH = 640;
const NAME_LINE = 18;
/** Light for the worst, dark for the best: one hue, told apart by every kind of colour vision and in grey. */
const SHADES = ['#c3d4e6', '#08306b'] as const;
const BEST = '#D55E00';

/** An axis per hyperparameter and one for the objective, a line per trial with a value, the best on top; undefined for fewer than two. */
export function parallelCoordinatesChart(search: Search): Chart | undefined {
  const { experiment, objective } = search;
  const order = ranked(search).reverse();
  const best = order.at(-1);
  if (!objective || !best || order.length < 2) return undefined;
  const scales = parametersOf(search).map((name) => ({
    ...scaleOf(
      name,
      order.flatMap(({ assignments }) => assignments[name] ?? []),
    ),
    of: ({ assignments }: JudgedTrial) => assignments[name],
  }));
  const result = {
    ...numberScale(
      metricName(objective.metric),
      order.map(({ value }) => value),
    ),
    of: ({ value }: JudgedTrial) => String(value),
  };
  const axes: Axis[] = [...scales, result];
  const gap = Math.min(GAP.max, Math.max(GAP.min, WIDTH / Math.max(1, axes.length - 1)));
  const width = Math.round(gap * (axes.length - 1));
  const shadeOf = ({ value }: JudgedTrial) => {
    const at = result.at(String(value)) ?? 0;
    return short(objective.type === 'minimize' ? 1 - at : at);
  };
  const others = order.slice(0, -1).flatMap((trial) => segmentsOf(trial, axes, shadeOf(trial), search));
  const points = segmentsOf(best, axes, 1, search);
  const along: Position = {
    field: 'axis',
    type: 'quantitative',
    scale: { domain: [0, axes.length - 1], nice: false },
    axis: null,
  };
  const position = { x: along, y: heightOf('at') };
  const segment = {
    ...position,
    x2: { field: 'next' },
    y2: { field: 'to' },
    tooltip: { field: 'label', type: 'nominal' },
  } as const;
  const title = titleOf(search, best);
  const missing = search.trials.length - order.length;
  const subtitle = parts(
    experiment,
    `the darker a line, the better its ${metricName(objective.metric)}`,
    'orange: the best trial',
    missing > 0 ? `${counted(missing, 'failed trial')} left out` : '',
  );
  const spec: Spec = {
    $schema: SCHEMA,
    title: headline(title, subtitle, Math.max(width, 640)),
    width,
    height: HEIGHT,
    layer: [
      {
        data: { values: axes.map((_, axis) => ({ axis, from: 0, to: 1 })) },
        mark: { type: 'rule', color: INK.rule, strokeWidth: 1, aria: false },
        encoding: { x: along, y: heightOf('from'), y2: { field: 'to' } },
      },
      {
        data: { values: others },
        mark: {
          type: 'rule',
          strokeWidth: order.length > 60 ? 1.2 : 1.8,
          strokeCap: 'round',
          strokeOpacity: 0.85,
          opacity: 1,
        },
        encoding: {
          ...segment,
          color: {
            field: 'shade',
            type: 'quantitative',
            scale: { domain: [0, 1], range: [...SHADES], interpolate: 'rgb' },
            legend: null,
          },
        },
      },
      {
        data: { values: points },
        mark: { type: 'rule', color: BEST, strokeWidth: 3, strokeCap: 'round' },
        encoding: segment,
      },
      ...tickLayers(axes, position, gap),
      nameLayer(axes, position, gap),
    ],
  };
  return { name: 'parallel-coordinates', title, spec };
}

interface Axis extends Scale {
  of(trial: JudgedTrial): string | undefined;
}

/** A trial's way from axis to axis: rules, of which a thousand trials have some thousands, where lines would take seconds. */
function segmentsOf(trial: JudgedTrial, axes: readonly Axis[], shade: number, search: Search) {
  const label = labelOf(trial, search);
  const stops = axes.flatMap((axis, index) => {
    const at = axis.at(axis.of(trial) ?? '');
    return at === undefined ? [] : [{ axis: index, at: short(at) }];
  });
  return stops.slice(1).map(({ axis, at }, index) => ({ ...stops[index], next: axis, to: at, shade, label }));
}

interface Place {
  readonly x: Position;
  readonly y: Position;
}

function heightOf(field: string): Position {
  return { field, type: 'quantitative', scale: { domain: [0, 1], nice: false }, axis: null };
}

/** The values beside an axis, each on a white ground that keeps it readable over the lines. */
function tickLayers(axes: readonly Scale[], position: Place, gap: number): Layer[] {
  const values = axes.flatMap(({ ticks }, axis) =>
    ticks.map(({ at, label }) => ({ axis, at: short(at), label: fit(label, gap - 20, SIZE.label) })),
  );
  const text = { type: 'text', align: 'right', dx: -8, fontSize: SIZE.label, aria: false } as const;
  const encoding = { ...position, text: { field: 'label', type: 'nominal' } } as const;
  return [
    {
      data: { values },
      mark: { type: 'tick', orient: 'horizontal', size: 8, thickness: 1, color: INK.text, aria: false },
      encoding: position,
    },
    { data: { values }, mark: { ...text, stroke: '#ffffff', strokeWidth: 5, strokeOpacity: 0.85 }, encoding },
    { data: { values }, mark: { ...text, color: INK.text }, encoding },
  ];
}

/** The names over the axes, in lines that do not meet those of their neighbours. */
function nameLayer(axes: readonly Scale[], { x }: Place, gap: number): Layer {
  const values = axes.flatMap(({ name, kind }, axis) => {
    const lines = breakName(kind === 'log' ? `${name} (log)` : name, gap - 14, SIZE.axisTitle, 600);
    return lines.map((text, line) => ({ axis, y: -16 - NAME_LINE * (lines.length - 1 - line), text }));
  });
  return {
    data: { values },
    mark: {
      type: 'text',
      align: 'center',
      baseline: 'alphabetic',
      fontSize: SIZE.axisTitle,
      fontWeight: 600,
      color: INK.text,
    },
    encoding: {
      x,
      y: { field: 'y', type: 'quantitative', scale: null, axis: null },
      text: { field: 'text', type: 'nominal' },
    },
  };
}

function labelOf({ name, number, value }: JudgedTrial, { objective }: Search): string {
  return `trial ${number}: ${objective ? metricValue(objective.metric, value) : value} (${name})`;
}

function titleOf(search: Search, best: JudgedTrial): string {
  const values = judged(search).map(({ value }) => value);
  const metric = objectiveName(search.objective);
  if (new Set(values).size === 1) return `${every(values.length, 'trial')} have the same ${metric}, whatever they try`;
  const band = bandOf(search);
  const of = `of ${counted(search.trials.length, 'trial')}`;
  const [first, second] = band?.ranges ?? [];
  if (band && first) return `The best ${band.trials} ${of} have ${second ? `${first} and ${second}` : first}`;
  if (band) return `The best ${band.trials} ${of} share no narrow range of any hyperparameter`;
  const given = Object.entries(best.assignments).map(([name, text]) => `${name} ${assignmentText(text)}`);
  const more = given.length > 3 ? `, and ${given.length - 3} more` : '';
  return `The best ${of} has ${given.slice(0, 3).join(', ')}${more}`;
}
