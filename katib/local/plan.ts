import { createHash } from 'node:crypto';
import { derive } from '../../events/ids.ts';
import type { Objective } from '../../events/search.ts';
import type { Algorithm, Assignments, Search } from '../algorithms/algorithm.ts';
import type { EarlyStopping } from '../experiment/early-stopping.ts';
import type { TrialRequest } from '../trial/request.ts';
import type { MetricStrategy } from './observation.ts';

/** How many trials there may be; a search may go on with others. */
export interface Limits {
  readonly parallelTrialCount: number;
  readonly maxTrialCount: number;
  /** Undefined is no limit. */
  readonly maxFailedTrialCount?: number | undefined;
}

/** An Experiment as the tuner works on it. */
export interface Plan {
  readonly name: string;
  /** As the file has it, for the record. */
  readonly spec: Readonly<Record<string, unknown>>;
  readonly objective: Objective & { readonly goal?: number | undefined };
  /** Of every metric that is collected, that of the objective first. */
  readonly strategies: readonly MetricStrategy[];
  /** Filters for the lines in the language of Go; none are Katib's own. */
  readonly metricsFormat: readonly string[];
  readonly limits: Limits;
  readonly resumePolicy: 'Never' | 'LongRunning' | 'FromVolume';
  readonly algorithm: Algorithm;
  readonly search: Search;
  /** What medianstop goes by, where there is early stopping. */
  readonly medianStop?: EarlyStopping | undefined;
  /**
   * What the container of a trial asks for.
   *
   * @throws XorflowError `INVALID_ARGUMENT` for assignments that no trial can have
   */
  requestOf(name: string, assignments: Assignments): TrialRequest;
}

/** What may change while a search goes on, as in Katib. */
const BUDGET = ['parallelTrialCount', 'maxTrialCount', 'maxFailedTrialCount'];

/** The parts of a spec that make it this search: all but the limits, each as text that is the same for the same value. */
export function identityOf(spec: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  const kept = Object.entries(spec).filter(([field]) => !BUDGET.includes(field));
  return new Map(kept.map(([field, value]) => [field, canonical(value)]));
}

/** JSON whose keys are in order. */
export function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}

/** The alphabet of Kubernetes' names that are made up: no vowels, so no words. */
const LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/** Of specs that trials were named for. */
const identities = new WeakMap<Plan['spec'], readonly string[]>();

/**
 * The name of a trial, `<experiment>-<8 characters>` as in Katib, but derived: whoever runs the same search again, or
 * goes on with it, gives the same names.
 */
export function trialName({ name, spec }: Pick<Plan, 'name' | 'spec'>, index: number): string {
  const identity = identities.get(spec) ?? [...identityOf(spec)].sort(([a], [b]) => (a < b ? -1 : 1)).flat();
  identities.set(spec, identity);
  const hash = createHash('sha256')
    .update(derive(name, index, ...identity))
    .digest();
  return `${name}-${Array.from({ length: 8 }, (_, at) => LETTERS[hash.readUInt32LE(4 * at) % LETTERS.length]).join('')}`;
}
