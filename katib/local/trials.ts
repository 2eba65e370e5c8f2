import { makeEvent } from '../../events/define.ts';
import { RejectedError, XorflowError } from '../../events/errors.ts';
import { trialRequested } from '../../events/registry.ts';
import type { SearchClient } from '../../functions/client/searches.ts';
import { type CreatedTrial, failedTrial, type JudgedTrial, judge } from './judge.ts';
import type { Plan } from './plan.ts';
import type { Completion, SearchRecord } from './record.ts';

export const SOURCE = '/xorflow/katib';

/** Runs trials on a platform. */
export interface TrialRunner extends AsyncDisposable {
  /** Runs a trial, unless it is on record, to its end; it can be called for several at once. */
  run(trial: CreatedTrial): Promise<JudgedTrial>;
}

/** How much longer than its deadline a trial is waited for, in milliseconds: its request may have to wait for its turn. */
const PATIENCE_MS = 60_000;

/** Follows a search from what is on record on; disposing of it leaves the trials that are under way to themselves. */
export function makeTrialRunner(
  plan: Plan,
  client: SearchClient,
  record: SearchRecord,
  signal: AbortSignal,
): TrialRunner {
  const completed = new Map(record.completed);
  const waiting = new Map<string, (completion: Completion) => void>();
  const ending = new AbortController();
  const either = AbortSignal.any([signal, ending.signal]);
  const following = (async () => {
    for await (const { event } of client.follow(plan.name, record.position, either, 'trial.completed')) {
      if (event?.type !== 'trial.completed' || !event.data || event.subject === undefined) continue;
      if (completed.has(event.subject)) continue;
      completed.set(event.subject, event.data);
      waiting.get(event.subject)?.(event.data);
    }
    throw new XorflowError('PLATFORM_UNREACHABLE', `The events of ${plan.name} at ${client.url} ended`);
  })();
  // Whoever waits for a trial learns of it.
  following.catch(() => undefined);

  const completionOf = async (name: string, deadlineMs: number): Promise<Completion | undefined> => {
    const known = completed.get(name);
    if (known) return known;
    const { promise, resolve } = Promise.withResolvers<Completion | undefined>();
    waiting.set(name, resolve);
    const timer = setTimeout(() => resolve(undefined), Math.min(deadlineMs + PATIENCE_MS, 2 ** 31 - 1));
    try {
      return await Promise.race([promise, following]);
    } finally {
      clearTimeout(timer);
      waiting.delete(name);
    }
  };

  return {
    async run(trial) {
      const { name, index, assignments, labels, stopRules } = trial;
      let deadlineMs: number;
      try {
        const request = plan.requestOf(name, assignments);
        deadlineMs = request.deadlineMs;
        if (!record.requested.has(name)) {
          const event = makeEvent(trialRequested, {
            source: SOURCE,
            id: name,
            subject: name,
            extensions: { experiment: plan.name },
            data: {
              ...request,
              experiment: plan.name,
              index,
              assignments,
              labels,
              stopRules: [...stopRules],
              objective: objectiveOf(plan),
            },
          });
          await client.request(event, signal);
        }
      } catch (error) {
        // As the program of a trial's pod would, which ends with this sentence.
        if (isRefusal(error)) return failedTrial(trial, error.message);
        throw error;
      }
      const completion = await completionOf(name, deadlineMs);
      if (!completion) return failedTrial(trial, `Not done within ${deadlineMs / 1000} s, the deadline of the trial`);
      const lines = completion.status === 'failed' ? '' : await client.lines(name, signal);
      return judge(trial, completion, lines, plan);
    },
    async [Symbol.asyncDispose]() {
      ending.abort();
      await following.catch(() => undefined);
    },
  };
}

function objectiveOf({ objective: { metric, type } }: Plan): Plan['objective'] {
  return { metric, type };
}

function isRefusal(error: unknown): error is XorflowError {
  if (error instanceof RejectedError) return true;
  return error instanceof XorflowError && error.code === 'INVALID_ARGUMENT';
}
