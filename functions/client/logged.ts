import { eventFromJson } from '../../events/read.ts';
import type { KnownEvent } from '../../events/registry.ts';
import { type ExperimentState, foldEvents } from '../../events/state.ts';

/** One event of an experiment's log, as it stands there: unknown types and wrong data too. */
export interface LoggedEvent {
  readonly position: number;
  /** A structured CloudEvent. */
  readonly json: string;
  /** The same, where it is what its type says. */
  readonly event: KnownEvent | undefined;
}

/** One line of the list of experiments. */
export type Summary = Pick<ExperimentState, 'id' | 'name' | 'status'> &
  Partial<Pick<ExperimentState, 'requestedAt' | 'endedAt' | 'durationMs'>>;

/** What is on record about experiments, wherever the record is kept. */
export interface Records extends AsyncDisposable {
  list(signal: AbortSignal): Promise<Summary[]>;
  /** @throws RejectedError `NOT_FOUND` for an unknown experiment */
  events(id: string, signal: AbortSignal): Promise<LoggedEvent[]>;
  /** Events after a position, and then each new one; it ends with the signal only, by throwing its reason. */
  follow(id: string, after: number, signal: AbortSignal): AsyncIterable<LoggedEvent>;
  /** The bytes of a digest, verified against it. */
  artifact(digest: string, signal: AbortSignal): Promise<Buffer>;
}

/** Where an experiment stands after the events of its log. */
export function stateOf(id: string, events: readonly LoggedEvent[]): ExperimentState {
  return foldEvents(id, knownOf(events));
}

/** The events that are what their type says; others change nothing. */
export function knownOf(events: readonly LoggedEvent[]): KnownEvent[] {
  return events.map(({ event }) => event).filter((event) => event !== undefined);
}

export function toLogged(position: number, json: string): LoggedEvent {
  return { position, json, event: eventFromJson(json) };
}

/** Whether nothing more of the experiment follows. */
export function isLast({ event }: LoggedEvent): boolean {
  return event?.type === 'experiment.completed' || event?.type === 'experiment.failed';
}
