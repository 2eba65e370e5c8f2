import { METRICS } from '../../../events/search.ts';
import { textWidth } from '../../plots/font.ts';
import { SIZE } from '../../plots/theme.ts';
import { type JudgedTrial, parametersOf, type Search } from '../search.ts';
import { assignmentText, metricName, metricValue } from '../wording.ts';
import { breakName, fit } from './names.ts';

/** Pixels. */
const WIDEST = 220;
const HEADING = 110;

/** A column of the table of trials. */
export interface Column {
  readonly heading: readonly string[];
  readonly cells: readonly string[];
  readonly isNumber: boolean;
  /** Stands out: what the trials are ranked by. */
  readonly isMain: boolean;
}

/** Rank, name, objective, other metrics and hyperparameters of the best trials, which are given in order. */
export function columnsOf(search: Search, rows: readonly JudgedTrial[]): Column[] {
  const { objective } = search;
  const others = METRICS.filter(
    (metric) => metric !== objective?.metric && rows.some(({ metrics }) => metrics[metric] !== undefined),
  );
  const names = namesOf(rows, search.experiment);
  const column = (name: string, cells: readonly string[], kind: Partial<Column> = {}): Column => ({
    heading: breakName(name, HEADING, SIZE.label, 600),
    cells: cells.map((cell) => fit(cell, WIDEST, SIZE.axisTitle, kind.isMain ? 600 : 400)),
    isNumber: cells.every((cell) => /^[<> ]*[\d.eE+-]*$/.test(cell)),
    isMain: false,
    ...kind,
  });
  return [
    // Equals share the rank of the first of them.
    column(
      'rank',
      rows.map(({ value }) => String(1 + rows.findIndex((other) => other.value === value))),
    ),
    column(
      'trial',
      rows.map((trial, row) => (trial.status === 'stopped' ? `${names[row]} *` : (names[row] ?? ''))),
      { isNumber: false },
    ),
    ...(objective
      ? [
          column(
            metricName(objective.metric),
            rows.map(({ value }) => cellOf(objective.metric, value)),
            {
              isMain: true,
              isNumber: true,
            },
          ),
        ]
      : []),
    ...others.map((metric) =>
      column(
        metricName(metric),
        rows.map(({ metrics }) => {
          const value = metrics[metric];
          return value === undefined ? '' : cellOf(metric, value);
        }),
      ),
    ),
    ...parametersOf(search).map((name) =>
      column(
        name,
        rows.map(({ assignments }) => assignmentText(assignments[name] ?? '')),
      ),
    ),
  ];
}

/** The names of trials begin with that of their Experiment, which stands above the table: where they are long, they lose it. */
function namesOf(rows: readonly JudgedTrial[], experiment: string): string[] {
  const names = rows.map(({ name }) => name);
  const isLong = names.some((name) => textWidth(name, SIZE.axisTitle) > WIDEST);
  const isCommon = names.every((name) => name.startsWith(`${experiment}-`));
  return isLong && isCommon ? names.map((name) => `…${name.slice(experiment.length)}`) : names;
}

/** One digit more than in a title, as neighbours in a table are close to each other, and the same number of them in all rows. */
export function cellOf(metric: (typeof METRICS)[number], value: number): string {
  const text = metric.endsWith('accuracy') ? value.toFixed(4) : value.toPrecision(3);
  const isRoundedAway = value !== Number(text) && (Number(text) === 0 || Number(text) === 1);
  return isRoundedAway || text.includes('e') ? metricValue(metric, value) : text;
}
