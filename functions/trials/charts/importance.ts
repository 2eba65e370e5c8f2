import { type Chart, headline, INK, type Position, SCHEMA, SERIES_COLORS, SIZE, type Spec } from '../../plots/theme.ts';
import { counted, percent } from '../../plots/wording.ts';
import { type Importances, importancesOf } from '../importance.ts';
import { short } from '../scales.ts';
import type { Search } from '../search.ts';
import { objectiveName, parts } from '../wording.ts';
import { fit } from './names.ts';

const WIDTH = 420;
/** To the left of the bars, in pixels. */
const NAMES = 230;
/** More bars than these are too thin to read; the others are the least important. */
const MAX_BARS = 20;
/** A forest that explains less than this share of the variance tells nothing of its parts. */
const TELLING = 0.1;

/** The share of the objective's variance that each hyperparameter explains alone; undefined where there is nothing to tell. */
export function importanceChart(search: Search): Chart | undefined {
  const importances = importancesOf(search);
  if (!importances) return undefined;
  const rows = importances.parameters.slice(0, MAX_BARS).map(({ parameter, share }, rank) => ({
    rank,
    parameter: fit(parameter, NAMES, SIZE.label),
    share: short(share),
    label: share < 0.0005 ? '< 0.1%' : `${(share * 100).toFixed(1)}%`,
  }));
  const { trials, explained } = importances;
  const title = titleOf(importances, objectiveName(search.objective));
  const told = explained > 0 ? rounded(explained) : 'none';
  const subtitle = parts(
    search.experiment,
    counted(trials, 'trial'),
    'fANOVA of a random forest, interactions left out',
    `the forest explains ${told} of the variance of trials that it has not seen`,
  );
  const y: Position = {
    field: 'rank',
    type: 'ordinal',
    title: null,
    axis: {
      labelExpr: `${JSON.stringify(rows.map(({ parameter }) => parameter))}[datum.value]`,
      labelLimit: NAMES + 10,
      domain: false,
      ticks: false,
      labelPadding: 10,
    },
  };
  const spec: Spec = {
    $schema: SCHEMA,
    title: headline(title, subtitle, WIDTH + NAMES),
    width: WIDTH,
    height: { step: 38 },
    data: { values: rows },
    encoding: { y },
    layer: [
      {
        mark: { type: 'bar', color: SERIES_COLORS[0], height: { band: 0.62 }, tooltip: null },
        encoding: {
          x: {
            field: 'share',
            type: 'quantitative',
            title: 'share of the variance that each explains alone (all sum to 100%)',
            scale: { domain: [0, 1], nice: false },
            axis: { format: '.0%', tickCount: 5, labelFlush: false, grid: false },
          },
        },
      },
      {
        mark: { type: 'text', align: 'left', dx: 6, fontSize: SIZE.label, color: INK.text },
        encoding: {
          x: { field: 'share', type: 'quantitative' },
          text: { field: 'label', type: 'nominal' },
        },
      },
    ],
  };
  return { name: 'parameter-importance', title, spec };
}

function titleOf({ parameters, explained }: Importances, metric: string): string {
  const [first, second] = parameters;
  if (!first || explained < TELLING) return `These trials do not tell which hyperparameter the ${metric} depends on`;
  const share = rounded(first.share);
  if (first.share >= 0.5 || !second) return `${first.parameter} matters most for the ${metric} (${share})`;
  const other = rounded(second.share);
  return `${first.parameter} (${share}) and ${second.parameter} (${other}) matter most for the ${metric}`;
}

/** In whole percents, but never all of it where it is not. */
const rounded = (share: number) => (share > 0.99 ? percent(share) : `${Math.round(share * 100)}%`);
