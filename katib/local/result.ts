import { createHash } from 'node:crypto';
import type { Objective } from '../../events/search.ts';
import { bestOf } from './ends.ts';
import type { JudgedTrial } from './judge.ts';
import { canonical, type Plan } from './plan.ts';
import type { TuneResult } from './tune.ts';

/** What `tune --json` prints. */
export interface TuneDocument {
  readonly experiment: string;
  readonly status: string;
  readonly reason: string;
  readonly best: (Pick<TrialRow, 'assignments' | 'metrics'> & { readonly trial: string }) | null;
  readonly trials: readonly TrialRow[];
  /** Of those that were run now; null where all were on record. */
  readonly trialsPerSecond: number | null;
  /** Of everything that the search came to, names and times aside: equal digests are equal searches. */
  readonly digest: string;
}

/** One trial; its metrics are numbers by their strategies. */
export interface TrialRow {
  readonly name: string;
  readonly status: string;
  readonly assignments: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>;
  readonly reason?: string;
}

export function documentOf(plan: Plan, result: TuneResult): TuneDocument {
  const { status, reason, trials, recorded, durationMs } = result;
  const best = bestOf(trials, plan.objective);
  const run = trials.length - recorded;
  return {
    experiment: plan.name,
    status,
    reason,
    best: best ? { trial: best.name, assignments: best.assignments, metrics: best.metrics } : null,
    trials: trials.map(({ name, status: state, assignments, metrics, reason: why }) => ({
      name,
      status: state,
      assignments,
      metrics,
      ...(why !== undefined && { reason: why }),
    })),
    trialsPerSecond: run > 0 && durationMs > 0 ? Number(((1000 * run) / durationMs).toPrecision(4)) : null,
    digest: digestOf(result, plan.objective),
  };
}

function digestOf({ status, reason, trials }: TuneResult, objective: Objective): string {
  const facts = trials.map(({ status: state, assignments, metrics }: JudgedTrial) => ({ state, assignments, metrics }));
  const text = canonical({ status, reason, best: bestOf(trials, objective)?.index ?? null, facts });
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
