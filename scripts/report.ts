import type { ModelRow } from '../events/parts.ts';
import type { ExperimentState } from '../events/state.ts';
import { type Column, formatDuration, formatHidden, formatTable, printable } from './table.ts';

/** Where the three forms of a plot are. */
export interface PlotFiles {
  readonly name: string;
  readonly png: string;
  readonly html: string;
  readonly spec: string;
}

/** What `run --json` prints, and `summary.json` holds. */
export function documentOf(state: ExperimentState, plots: readonly PlotFiles[]): Record<string, unknown> {
  const { id, status, durationMs, failure, table, dataset } = state;
  if (failure) {
    const { stage, code, reason, cause } = failure;
    return { id, status, durationMs, stage, code, reason, cause };
  }
  return {
    id,
    status,
    durationMs,
    models: table.map(({ name, hidden, engine, train, test, weights }) => ({
      name,
      hidden,
      engine,
      train,
      test,
      weights,
    })),
    plots,
    dataset: dataset && { train: dataset.train.digest, test: dataset.test.digest },
  };
}

const percent = (share: number) => `${(share * 100).toFixed(2)} %`;

const MODEL_COLUMNS: readonly Column<ModelRow>[] = [
  { title: 'Model', text: ({ name }) => name },
  { title: 'Hidden', text: ({ hidden }) => formatHidden(hidden) },
  { title: 'Parameters', align: 'right', text: ({ parameters }) => String(parameters) },
  { title: 'Test accuracy', align: 'right', text: ({ test }) => percent(test.accuracy) },
  { title: 'Test loss', align: 'right', text: ({ test }) => test.loss.toFixed(4) },
  { title: 'AUC', align: 'right', text: ({ auc }) => auc.toFixed(4) },
  { title: 'Train accuracy', align: 'right', text: ({ train }) => percent(train.accuracy) },
  { title: 'Train loss', align: 'right', text: ({ train }) => train.loss.toFixed(4) },
  { title: 'Engine', text: ({ engine }) => engine },
  { title: 'Training', align: 'right', text: ({ durationMs }) => formatDuration(durationMs) },
];

/** The table of models, for people. */
export function formatModels(rows: readonly ModelRow[]): string {
  return formatTable(MODEL_COLUMNS, rows);
}

/** What became of an experiment, for people: the table and where the plots are, or why there is none. */
export function formatOutcome(state: ExperimentState, plots: readonly PlotFiles[], folder: string): string {
  if (state.failure) return `${formatFailure(state)}\n`;
  const width = Math.max(0, ...plots.map(({ name }) => name.length));
  const files = plots.map(({ name, png }) => `  ${printable(name).padEnd(width)}  ${png}`).join('\n');
  return [
    `\nExperiment ${state.id} (${printable(state.name)}) completed in ${formatDuration(state.durationMs)}\n`,
    formatModels(state.table),
    `Plots, each also as .html and .vl.json:\n${files}\n`,
    `Models, histories, data and summary.json: ${folder}\n`,
  ].join('\n');
}

/** `Experiment x failed in train: …`. */
export function formatFailure({ id, failure }: ExperimentState): string {
  if (!failure) return '';
  return `Experiment ${id} failed in ${printable(failure.stage)}: ${printable(failure.reason)}`;
}
