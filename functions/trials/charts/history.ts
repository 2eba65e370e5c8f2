import { type Chart, headline, INK, type Layer, type Position, SCHEMA, SIZE, type Spec } from '../../plots/theme.ts';
import { counted, every } from '../../plots/wording.ts';
import { short } from '../scales.ts';
import { type JudgedTrial, judged, parametersOf, ranked, type Search, type Trial } from '../search.ts';
import { assignmentText, cut, metricValue, mishaps, objectiveName, parts } from '../wording.ts';
import { valueAxis } from './value-axis.ts';

const WIDTH = 640;
const HEIGHT = 360;
/** The room for failed trials below the lowest value, in pixels. */
const FLOOR = 26;

const CROSS = 'M-1,-.6L-.6,-1L0,-.4L.6,-1L1,-.6L.4,0L1,.6L.6,1L0,.4L-.6,1L-1,.6L-.4,0Z';
const LOOK: Readonly<Record<Trial['status'], { label: string; color: string; shape: string }>> = {
  succeeded: { label: 'succeeded', color: '#0072B2', shape: 'circle' },
  stopped: { label: 'stopped early', color: '#E69F00', shape: 'diamond' },
  failed: { label: 'failed', color: '#000000', shape: CROSS },
};

/** The objective of each trial in their order, with the best so far; failed trials on the axis. */
export function historyChart(search: Search): Chart {
  const { objective, trials } = search;
  const [best] = ranked(search);
  const present = Object.values(LOOK).filter(({ label }) => trials.some(({ status }) => LOOK[status].label === label));
  const look = {
    field: 'status',
    type: 'nominal' as const,
    legend: present.length > 1 ? { orient: 'top' as const, title: null } : null,
  };
  const domain = present.map(({ label }) => label);
  const marks = {
    color: { ...look, scale: { domain, range: present.map(({ color }) => color) } },
    shape: { ...look, scale: { domain, range: present.map(({ shape }) => shape) } },
    x: numbersOf(trials),
    tooltip: [
      { field: 'name', type: 'nominal' as const, title: 'trial' },
      { field: 'status', type: 'nominal' as const },
      { field: 'label', type: 'nominal' as const, title: objectiveName(objective) },
      { field: 'assignments', type: 'nominal' as const },
    ],
  };
  const size = trials.length > 100 ? 34 : 62;
  const mark = { type: 'point', filled: true, opacity: 1, size } as const;
  const title = titleOf(search, best);
  const spec: Spec = {
    $schema: SCHEMA,
    title: headline(title, subtitleOf(search, best), WIDTH),
    width: WIDTH,
    height: HEIGHT,
    layer: [
      ...(best ? [bestSoFar(search)] : []),
      {
        data: { values: trials.filter(({ status }) => status === 'failed').map((trial) => rowOf(trial, search)) },
        mark: { ...mark, size: size * 0.8 },
        encoding: { ...marks, y: { value: HEIGHT - FLOOR / 2 } },
      },
      {
        data: { values: judged(search).map((trial) => rowOf(trial, search)) },
        mark,
        encoding: { ...marks, y: { field: 'value', type: 'quantitative', ...valueAxis(search) } },
      },
      ...(best ? highlight(best, search) : []),
    ],
  };
  return { name: 'optimisation-history', title, spec };
}

function rowOf(trial: Trial, { objective }: Search) {
  const { name, number, status, value, assignments, reason } = trial;
  return {
    number,
    status: LOOK[status].label,
    name,
    ...(value !== undefined && { value: short(value) }),
    label:
      value === undefined ? cut(reason ?? '', 80) : objective ? metricValue(objective.metric, value) : String(value),
    assignments: Object.entries(assignments)
      .map(([parameter, text]) => `${parameter} ${assignmentText(text)}`)
      .join(', '),
  };
}

function numbersOf(trials: readonly Trial[]): Position {
  const numbers = trials.map(({ number }) => number);
  return {
    field: 'number',
    type: 'quantitative',
    title: 'trial (in the order in which they were asked for)',
    scale: { domain: [Math.min(...numbers) - 0.5, Math.max(...numbers) + 0.5], nice: false, zero: false },
    axis: { grid: false, format: ',d', tickMinStep: 1, tickCount: Math.min(10, trials.length), labelFlush: false },
  };
}

/** A line of steps, from the first trial with a value to the last trial of all. */
function bestSoFar(search: Search): Layer {
  const sign = search.objective?.type === 'minimize' ? 1 : -1;
  let best: number | undefined;
  const steps = search.trials.flatMap(({ number, value }) => {
    if (value !== undefined && (best === undefined || sign * value < sign * best)) best = value;
    return best === undefined ? [] : [{ number, value: short(best) }];
  });
  return {
    data: { values: steps },
    mark: { type: 'line', interpolate: 'step-after', color: INK.rule, strokeWidth: 2, aria: false },
    encoding: {
      x: { field: 'number', type: 'quantitative' },
      y: { field: 'value', type: 'quantitative' },
    },
  };
}

/** A ring around the best trial, and its value beyond the line: above where more is better, else below. */
function highlight({ number, value }: JudgedTrial, { trials, objective }: Search): Layer[] {
  const first = trials[0]?.number ?? 1;
  const last = trials.at(-1)?.number ?? 1;
  const share = last === first ? 0.5 : (number - first) / (last - first);
  const align = share < 0.15 ? 'left' : share > 0.85 ? 'right' : 'center';
  const encoding = {
    x: { field: 'number', type: 'quantitative' },
    y: { field: 'value', type: 'quantitative' },
  } as const;
  const data = { values: [{ number, value: short(value) }] };
  const text = objective ? metricValue(objective.metric, value) : short(value);
  return [
    { data, mark: { type: 'point', filled: false, size: 220, strokeWidth: 2, color: INK.text, opacity: 1 }, encoding },
    {
      data,
      mark: {
        type: 'text',
        text: `trial ${number}: ${text}`,
        align,
        dx: align === 'left' ? -8 : align === 'right' ? 8 : 0,
        dy: objective?.type === 'minimize' ? 21 : -18,
        color: INK.text,
        fontSize: SIZE.label,
        fontWeight: 600,
      },
      encoding,
    },
  ];
}

function titleOf(search: Search, best: JudgedTrial | undefined): string {
  const { trials, objective } = search;
  const metric = objectiveName(objective);
  if (!best) {
    return trials.length === 1 ? 'The only trial so far failed' : `${every(trials.length, 'trial')} failed`;
  }
  const value = objective ? metricValue(objective.metric, best.value) : String(best.value);
  if (trials.length === 1) return `The first trial: ${metric} ${value}`;
  const values = judged(search);
  if (values.length > 1 && values.every((trial) => trial.value === best.value)) {
    const all =
      values.length === trials.length ? every(trials.length, 'trial') : `${values.length} of ${trials.length} trials`;
    return `${all} have a ${metric} of ${value}`;
  }
  return `Best ${metric} ${value} after ${trials.indexOf(best) + 1} of ${counted(trials.length, 'trial')}`;
}

function subtitleOf(search: Search, best: JudgedTrial | undefined): string {
  const { experiment, trials } = search;
  if (!best) return parts(experiment, `the first one: ${cut(trials[0]?.reason ?? 'no reason given', 160)}`);
  const over = counted(parametersOf(search).length, 'hyperparameter');
  return parts(experiment, over, 'line: best so far', mishaps(trials));
}
