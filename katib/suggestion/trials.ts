import type { PastTrial } from '../algorithms/algorithm.ts';
import type { Memory } from './memory.ts';
import { readTrialName } from './names.ts';
import { numberOf } from './number.ts';
import type { TrialMessage } from './wire.ts';

const STATES: Readonly<Record<string, PastTrial['state']>> = {
  CREATED: 'running',
  RUNNING: 'running',
  SUCCEEDED: 'succeeded',
  EARLYSTOPPED: 'stopped',
  KILLED: 'failed',
  FAILED: 'failed',
};

/**
 * The trials of a search in the order of their suggestion, of those that Katib sends: repeats, trials of a namesake and
 * those without metrics are left out.
 */
export function toPastTrials(trials: readonly TrialMessage[], memory: Memory, metric: string): PastTrial[] {
  const ours = trials.flatMap((trial) => {
    const name = readTrialName(trial.name);
    return name?.id === memory.id && !name.isRepeat ? [{ trial, index: name.index }] : [];
  });
  const others = trials
    .filter(({ name }) => readTrialName(name)?.id !== memory.id)
    .sort((one, other) => compare(startOf(one), startOf(other)) || compare(one.name, other.name))
    .slice(0, memory.before)
    .map((trial, index) => ({ trial, index }));
  return [...others, ...ours]
    .sort((one, other) => one.index - other.index)
    .flatMap(({ trial, index }) => toPastTrial(trial, index, memory, metric));
}

function toPastTrial({ spec, status }: TrialMessage, index: number, memory: Memory, metric: string): PastTrial[] {
  const state = STATES[status?.condition ?? 'CREATED'];
  if (state === undefined) return [];
  const assignments = Object.fromEntries(
    (spec?.parameterAssignments?.assignments ?? []).map(({ name, value }) => [name, value]),
  );
  const trial = { index, assignments, labels: memory.labels[index] ?? {}, state };
  if (state !== 'succeeded' && state !== 'stopped') return [trial];
  // The collector writes NaN down as an empty value, and Katib calls the trial a success.
  const value = numberOf(status?.observation?.metrics.find(({ name }) => name === metric)?.value ?? '');
  return [value === undefined ? { ...trial, state: 'failed' } : { ...trial, value }];
}

/** A trial that has not begun comes last. */
function startOf({ status }: TrialMessage): string {
  return status?.startTime || '~';
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
