import { resolve } from 'node:path';
import { Command } from 'commander';
import type { Records } from '../../functions/client/logged.ts';
import { usageError } from '../exit.ts';
import type { Outcome } from '../experiment.ts';
import type { PlotFiles } from '../report.ts';
import { addJson, addPlace, openPlace, type PlaceOptions } from './common.ts';

interface ShowOptions extends PlaceOptions {
  readonly json?: true;
  readonly out?: string;
}

const EXAMPLES = `
Examples:
  xorflow show xor-0123456789ab
  xorflow show xor-0123456789ab --out results            its plots, models and data too
  xorflow show xor-0123456789ab --json --to http://xorflow.example.com`;

export function defineShow(signal: AbortSignal): Command {
  const command = new Command('show')
    .description('show one experiment: its state, table of models, plots, and how long each step took')
    .argument('<id>', 'of the experiment, as "xorflow list" shows it');
  return addJson(addPlace(command))
    .option('--out <dir>', 'write plots, models and data of a finished experiment there')
    .addHelpText('after', EXAMPLES)
    .action((id: string, options: ShowOptions) => show(id, options, signal));
}

async function show(id: string, options: ShowOptions, signal: AbortSignal): Promise<void> {
  await using records = await openPlace(options);
  const [
    { knownOf, stateOf },
    { stepsOf, formatSteps },
    { formatFailure, formatModels },
    { formatDuration, formatTable },
  ] = await Promise.all([
    import('../../functions/client/logged.ts'),
    import('../steps.ts'),
    import('../report.ts'),
    import('../table.ts'),
  ]);
  const events = await records.events(id, signal);
  const state = stateOf(id, events);
  const steps = stepsOf(knownOf(events));
  const files = options.out === undefined ? undefined : await write(records, { state, events }, options.out, signal);
  if (options.json) {
    return void process.stdout.write(`${JSON.stringify({ ...state, steps, ...(files && { files }) })}\n`);
  }
  const parts = [
    `Experiment ${state.id}: ${state.status}${state.durationMs === undefined ? '' : ` in ${formatDuration(state.durationMs)}`}\n`,
  ];
  if (state.failure) parts.push(`${formatFailure(state)}\n`);
  if (state.spec) parts.push(`Spec      ${JSON.stringify(state.spec)}\n`);
  if (state.table.length > 0) parts.push(formatModels(state.table));
  if (state.plots.length > 0) {
    const columns = [
      { title: 'Plot', text: (plot: (typeof state.plots)[number]) => plot.name },
      { title: 'What it shows', text: (plot: (typeof state.plots)[number]) => plot.title },
      { title: 'PNG', text: (plot: (typeof state.plots)[number]) => plot.png.digest.slice(0, 19) },
    ];
    parts.push(formatTable(columns, state.plots));
  }
  parts.push(formatSteps(steps));
  if (files) parts.push(`Plots, models, histories, data and summary.json: ${resolve(options.out ?? '')}\n`);
  process.stdout.write(parts.join('\n'));
}

async function write(records: Records, outcome: Outcome, out: string, signal: AbortSignal): Promise<PlotFiles[]> {
  const { id, status } = outcome.state;
  if (status !== 'completed' && status !== 'failed') {
    throw usageError(`Experiment ${id} is ${status}: expected a finished one at --out`);
  }
  const [{ exportResults }, { openOut }] = await Promise.all([import('../results.ts'), import('../results-folder.ts')]);
  await using folder = await openOut(out);
  return await exportResults(records, outcome, folder, signal);
}
