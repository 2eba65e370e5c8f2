import type { CloudEvent } from 'cloudevents';
import { writeStructured } from '../../events/envelope.ts';
import { experimentIdOf, experimentIdSchema, jobIdOf, keyOf } from '../../events/ids.ts';
import { eventFromJson, toEnvelope } from '../../events/read.ts';
import {
  definitionOf,
  experimentFailed,
  experimentRequested,
  type KnownEvent,
  trainingRequested,
} from '../../events/registry.ts';
import { LOG, type LogEntry, type Store } from '../store/port.ts';

/** Entry of the lists: `LOG.experiments`, `LOG.trials`, `LOG.searches`. */
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
  const id = subjectOf(event);
  if (id === undefined) return undefined;
  const entry = { key: keyOf(event), value: writeStructured(toEnvelope(event)).body.toString() };
  const additions: [log: string, entry: { key: string; value: string }][] = [[LOG.events(id), entry]];
  if (isOfExperiment(event)) additions.push([LOG.experiments, indexOf(event, id, nameOf(event))]);
  if (event.type === trainingRequested.type && event.tier === 'job') {
    additions.push([LOG.jobs, { key: jobIdOf(event), value: entry.value }]);
  }
  if (event.type.startsWith('trial.')) additions.push([LOG.trials, indexOf(event, id)]);
  const search = searchOf(event);
  if (search !== undefined) additions.push([LOG.search(search), entry], [LOG.searches, indexOf(event, search)]);
  // Begun in this order and together, so that a store can put all of them on disk at once.
  await Promise.all(additions.map(([log, addition]) => store.logs.append(log, [addition])));
  return id;
}

function indexOf({ time }: CloudEvent<unknown>, id: string, name = id): { key: string; value: string } {
  const item: IndexEntry = { id, name, time: String(time) };
  return { key: id, value: JSON.stringify(item) };
}

/** The Katib Experiment whose search an event belongs to. */
function searchOf({ type, data }: CloudEvent<unknown>): string | undefined {
  if (!/^trials?\.|^search\./.test(type)) return undefined;
  return experimentIdSchema.safeParse((data as { experiment?: unknown } | undefined)?.experiment).data;
}

/** The experiment (or trial) that an event is of; undefined where it says none that could be one. */
export function subjectOf(event: CloudEvent<unknown>): string | undefined {
  const { source, id, subject } = event;
  const named = experimentIdSchema.safeParse(subject).data;
  // Whoever refuses a request with an impossible subject tells of it under the derived id.
  return event.type === experimentRequested.type ? (named ?? experimentIdOf({ source, id })) : named;
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

/** The name that a request gives its experiment, be its other data what they may. */
export function nameOf({ data }: { data?: unknown }): string | undefined {
  const { name } = (data ?? {}) as { name?: unknown };
  return typeof name === 'string' ? name.slice(0, 64) : undefined;
}

/** A trial that failed is on the list of trials; any other failure must show, even of what could not be recorded. */
function isOfExperiment({ type, data }: CloudEvent<unknown>): boolean {
  if (type === experimentRequested.type) return true;
  if (type !== experimentFailed.type) return false;
  return experimentFailed.schema.safeParse(data).data?.cause.type.startsWith('trial') !== true;
}
