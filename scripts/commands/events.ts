import { Command } from 'commander';
import type { LoggedEvent } from '../../functions/client/logged.ts';
import { printable } from '../table.ts';
import { addJson, addPlace, openPlace, type PlaceOptions } from './common.ts';

interface EventsOptions extends PlaceOptions {
  readonly follow?: true;
  readonly json?: true;
}

const WIDTH = 100;

export function defineEvents(signal: AbortSignal): Command {
  const command = new Command('events')
    .description('show the events of one experiment, one line each')
    .argument('<id>', 'of the experiment, as "xorflow list" shows it')
    .option('--follow', 'wait for more until the experiment is over');
  return addJson(addPlace(command), 'each event as one line of JSON').action((id: string, options: EventsOptions) =>
    events(id, options, signal),
  );
}

async function events(id: string, options: EventsOptions, signal: AbortSignal): Promise<void> {
  await using records = await openPlace(options);
  const { isLast } = await import('../../functions/client/logged.ts');
  const show = ({ json }: LoggedEvent) => process.stdout.write(`${options.json ? json : formatEvent(json)}\n`);
  const past = await records.events(id, signal);
  for (const logged of past) show(logged);
  if (!options.follow || past.some(isLast)) return;
  for await (const logged of records.follow(id, past.at(-1)?.position ?? 0, signal)) {
    show(logged);
    if (isLast(logged)) return;
  }
}

function formatEvent(json: string): string {
  const event = JSON.parse(json) as Record<string, unknown>;
  const data = printable(JSON.stringify(event.data ?? null));
  const short = data.length > WIDTH ? `${data.slice(0, WIDTH - 1)}…` : data;
  const text = (field: string) => printable(String(event[field] ?? '–'));
  return `${text('time')}  ${text('type').padEnd(20)}  ${text('source').padEnd(17)}  ${short}`;
}
