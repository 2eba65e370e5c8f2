import { Command } from 'commander';
import { addJson, addPlace, openPlace, type PlaceOptions } from './common.ts';

export function defineShow(signal: AbortSignal): Command {
  const command = new Command('show')
    .description('show one experiment: its state, table of models, plots, and how long each step took')
    .argument('<id>', 'of the experiment, as "xorflow list" shows it');
  return addJson(addPlace(command)).action((id: string, options: PlaceOptions & { json?: true }) =>
    show(id, options, signal),
  );
}

async function show(id: string, options: PlaceOptions & { json?: true }, signal: AbortSignal): Promise<void> {
  await using records = await openPlace(options);
  const [
    { knownOf, stateOf },
    { stepsOf, formatSteps },
    { formatFailure, formatModels },
    { formatDuration, formatTable },
  ] = await Promise.all([
    import('../records.ts'),
    import('../steps.ts'),
    import('../report.ts'),
    import('../table.ts'),
  ]);
  const events = await records.events(id, signal);
  const state = stateOf(id, events);
  const steps = stepsOf(knownOf(events));
  if (options.json) return void process.stdout.write(`${JSON.stringify({ ...state, steps })}\n`);
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
  process.stdout.write(parts.join('\n'));
}
