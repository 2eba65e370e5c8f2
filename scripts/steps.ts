import type { KnownEvent } from '../events/registry.ts';
import { formatDuration, formatTable } from './table.ts';

/** One event of the chain, with the times that its log tells. */
export interface Step {
  readonly type: string;
  /** The model that it is about. */
  readonly model?: string;
  /** After the request, in milliseconds. */
  readonly atMs: number;
  /** After the event that brought it about, in milliseconds. */
  readonly tookMs?: number;
}

/** What brings an event about; of several, the last one before it. */
const CAUSES: Readonly<Record<string, string>> = {
  'dataset.generated': 'experiment.requested',
  'samples.plotted': 'dataset.generated',
  'training.requested': 'dataset.generated',
  'model.trained': 'training.requested',
  'models.compared': 'model.trained',
  'experiment.completed': 'model.trained',
};

/** How long each hop of the chain took, by the times of the events. */
export function stepsOf(events: readonly KnownEvent[]): Step[] {
  const timeOf = (event: KnownEvent) => Date.parse(event.time ?? '');
  const first = events.find(({ type }) => type === 'experiment.requested') ?? events[0];
  if (!first) return [];
  return [...events]
    .sort((a, b) => timeOf(a) - timeOf(b))
    .map((event) => {
      const index = indexOf(event);
      const causes = events.filter(
        (other) => other.type === CAUSES[event.type] && (event.type !== 'model.trained' || indexOf(other) === index),
      );
      const cause = Math.max(...causes.map(timeOf).filter((time) => time <= timeOf(event)));
      const data = event.data;
      return {
        type: event.type,
        ...(data && 'model' in data ? { model: data.model.name } : {}),
        atMs: timeOf(event) - timeOf(first),
        ...(Number.isFinite(cause) ? { tookMs: timeOf(event) - cause } : {}),
      };
    });
}

function indexOf({ data }: KnownEvent): number | undefined {
  return data && 'index' in data ? data.index : undefined;
}

export function formatSteps(steps: readonly Step[]): string {
  return formatTable<Step>(
    [
      { title: 'Event', text: ({ type }) => type },
      { title: 'Model', text: ({ model }) => model ?? '' },
      { title: 'At', align: 'right', text: ({ atMs }) => `+${formatDuration(atMs)}` },
      { title: 'Took', align: 'right', text: ({ tookMs }) => formatDuration(tookMs) },
    ],
    steps,
  );
}
