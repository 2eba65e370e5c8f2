/** What stands in the name of a trial that this service suggested. */
export interface TrialName {
  readonly index: number;
  readonly id: string;
  /** It repeats another suggestion, and counts by itself. */
  readonly isRepeat: boolean;
}

/**
 * The name of a trial: `xor-012x3fa90c` is the suggestion with index 12 of the search 3fa90c, `xor-r000x3fa90c` its first
 * repeat. It is the one thing of a suggestion that Katib gives back. Up to the last hyphen it is the Experiment's name, as
 * in names that Katib invents, whose eight letters after it are never read as one of these.
 */
export function toTrialName(experiment: string, { index, id, isRepeat }: TrialName): string {
  return `${experiment}-${isRepeat ? 'r' : ''}${String(index).padStart(3, '0')}x${id}`;
}

/** Undefined for a name that this service did not make. */
export function readTrialName(name: string): TrialName | undefined {
  const [, repeat, index, id] = /-(r?)(\d{3,9})x([0-9a-f]{6})$/.exec(name) ?? [];
  return index === undefined || id === undefined ? undefined : { index: Number(index), id, isRepeat: repeat === 'r' };
}
