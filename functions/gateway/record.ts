import type { CloudEvent } from 'cloudevents';
import { writeStructured } from '../../events/envelope.ts';
import { experimentIdOf, experimentIdSchema, keyOf } from '../../events/ids.ts';
import { eventFromJson, toEnvelope } from '../../events/read.ts';
import { definitionOf, experimentRequested, type KnownEvent } from '../../events/registry.ts';
import { LOG, type LogEntry, type Store } from '../store/port.ts';

/** The log of all trials, by name, in the order of arrival; a trial's own events stand in `LOG.events(name)`. */
export const TRIALS_LOG = 'trials';

/** The log of everything that was drawn of searches: `trials.plotted`. */
export const SEARCHES_LOG = 'searches';

/** Entry of `LOG.experiments` and of {@link TRIALS_LOG}. */
export interface IndexEntry {
  readonly id: string;
  readonly name: string;
  readonly time: string;
}

/**
 * Appends an event to the log of its experiment or trial, once however often it comes, and a new experiment to the
 * list of all. What was asked for is kept as it came, valid or not, so that its failure has a place to show.
 *
 * @returns the name of its experiment or trial; undefined where it names none, and nothing is kept
 */
export async function recordEvent(store: Store, event: CloudEvent<unknown>): Promise<string | undefined> {
  const value = structuredText(event);
  const id = subjectOf(event);
  if (id === undefined || value === undefined) return undefined;
  const entry = { key: keyOf(event), value };
  const index = (name: string): { key: string; value: string } => {
    const item: IndexEntry = { id, name, time: String(event.time) };
    return { key: id, value: JSON.stringify(item) };
  };
  await store.logs.append(LOG.events(id), [entry]);
  if (event.type === experimentRequested.type) await store.logs.append(LOG.experiments, [index(nameOf(event) ?? id)]);
  if (event.type.startsWith('trial.')) await store.logs.append(TRIALS_LOG, [index(id)]);
  if (event.type === 'trials.plotted') await store.logs.append(SEARCHES_LOG, [entry]);
  return id;
}

/** The experiment (or trial) that an event is of; undefined where it says none that could be one. */
export function subjectOf(event: CloudEvent<unknown>): string | undefined {
  const { source, id, subject } = event;
  const name = event.type === experimentRequested.type ? experimentIdOf({ source, id, subject }) : subject;
  return experimentIdSchema.safeParse(name).data;
}

/** An entry of an experiment's log as it stands there: unknown types and wrong data too. */
export interface Recorded {
  readonly position: number;
  readonly key: string;
  readonly type: string;
  readonly source: string;
  readonly time: string | undefined;
  readonly json: string;
}

/** Reads the outside of an entry; its data stay unlooked at. */
export function toRecorded({ position, key, value }: LogEntry): Recorded {
  const { type, source, time } = JSON.parse(value) as { type: string; source: string; time?: string };
  return { position, key, type, source, time, json: value };
}

/** Whether nothing of an experiment's chain follows this event. */
export function isTerminal(type: string): boolean {
  return type.startsWith('experiment.') && definitionOf(type)?.terminal === true;
}

/** The events among recorded ones that are what their type says. */
export function knownEvents(entries: readonly Recorded[]): KnownEvent[] {
  return entries.map(({ json }) => eventFromJson(json)).filter((event) => event !== undefined);
}

function nameOf(event: CloudEvent<unknown>): string | undefined {
  const { name } = (event.data ?? {}) as { name?: unknown };
  return typeof name === 'string' ? name.slice(0, 64) : undefined;
}

function structuredText(event: CloudEvent<unknown>): string | undefined {
  try {
    return writeStructured(toEnvelope(event)).body.toString();
  } catch (error) {
    // Data nested so deep that they cannot be written out again.
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
