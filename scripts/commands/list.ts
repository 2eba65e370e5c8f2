import { Command } from 'commander';
import { formatDuration, formatTable } from '../table.ts';
import { addJson, addPlace, openPlace, type PlaceOptions } from './common.ts';

export function defineList(signal: AbortSignal): Command {
  const command = new Command('list').description('list the experiments, newest first');
  return addJson(addPlace(command), 'a JSON array instead of the table').action(
    (options: PlaceOptions & { json?: true }) => list(options, signal),
  );
}

async function list(options: PlaceOptions & { json?: true }, signal: AbortSignal): Promise<void> {
  await using records = await openPlace(options);
  const all = await records.list(signal);
  if (options.json) return void process.stdout.write(`${JSON.stringify(all)}\n`);
  if (all.length === 0) return void process.stderr.write('No experiments yet: "xorflow run" runs one\n');
  const columns = [
    { title: 'Experiment', text: (one: (typeof all)[number]) => one.id },
    { title: 'Name', text: (one: (typeof all)[number]) => one.name },
    { title: 'Status', text: (one: (typeof all)[number]) => one.status },
    { title: 'Requested', text: (one: (typeof all)[number]) => one.requestedAt ?? '–' },
    {
      title: 'Duration',
      align: 'right' as const,
      text: (one: (typeof all)[number]) => formatDuration(one.durationMs),
    },
  ];
  process.stdout.write(formatTable(columns, all));
}
