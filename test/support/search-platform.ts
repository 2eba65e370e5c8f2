import { derivedId, makeEvent } from '../../events/define.ts';
import { type KnownEvent, trialCompleted } from '../../events/registry.ts';
import type { LoggedEvent } from '../../functions/client/logged.ts';
import type { SearchClient } from '../../functions/client/searches.ts';

/** What a trial comes to: values of the objective per report, or why it fails. */
export type Script = (assignments: Readonly<Record<string, string>>, index: number) => readonly number[] | string;

/** A platform that answers trials by a script, in whichever order it is told to. */
export interface SearchPlatform {
  readonly client: SearchClient;
  readonly log: LoggedEvent[];
  /** The trials that were asked for and are not over. */
  readonly running: KnownEvent[];
  /** Completes a running trial: the first, unless told which. */
  complete(which?: number): void;
}

/**
 * @param isManual trials are over only when `complete` says so; otherwise at once, the later of two first
 */
export function makeSearchPlatform(
  script: Script,
  { isManual = false, log = [] as LoggedEvent[], metric = 'validation_accuracy' } = {},
): SearchPlatform {
  const lines = new Map<string, string>();
  const running: KnownEvent[] = [];
  const news = new Set<() => void>();
  const append = (event: KnownEvent) => {
    if (log.some(({ event: known }) => known?.id === event.id && known.source === event.source)) return;
    log.push({ position: log.length + 1, json: JSON.stringify(event), event });
    for (const tell of news) tell();
  };
  const complete = (which = 0) => {
    const [event] = running.splice(which, 1);
    if (event?.type !== 'trial.requested' || !event.data) throw new Error(`No running trial ${which}`);
    const { experiment, index = 0, assignments, objective, stopRules } = event.data;
    const result = script(assignments, index);
    const shared = { experiment, index, assignments };
    const name = String(event.subject);
    const rule = stopRules[0];
    const values = typeof result === 'string' ? [] : result;
    const best = Math.max(...values.slice(0, rule?.startStep));
    const isStopped = rule !== undefined && values.length >= rule.startStep && best < rule.value;
    const told = isStopped ? values.slice(0, rule.startStep) : values;
    lines.set(
      name,
      told
        .map(
          (value, at) =>
            `2026-01-01T00:00:${String(at).padStart(2, '0')}Z trial/${name} epoch=${at + 1} ${metric}=${value}\n`,
        )
        .join(''),
    );
    const judged = {
      ...shared,
      objective: { ...objective, value: told.at(-1) ?? 0 },
      metrics: {},
      epochs: told.length,
      durationMs: 1,
    };
    append(
      makeEvent(trialCompleted, {
        source: '/test',
        id: derivedId(event, trialCompleted),
        subject: name,
        data:
          typeof result === 'string'
            ? { ...shared, status: 'failed', reason: result }
            : isStopped
              ? { ...judged, status: 'stopped', reason: 'Stopped early' }
              : { ...judged, epochs: Math.max(1, judged.epochs), status: 'succeeded' },
      }),
    );
  };
  const client: SearchClient = {
    url: 'http://test',
    async start(event) {
      append(event);
    },
    async request(event) {
      append(event);
      running.push(event);
      // The latest first: nobody may go by who is done first.
      if (!isManual) setImmediate(() => complete(running.length - 1));
    },
    async events() {
      return [...log];
    },
    async *follow(_search, after, signal) {
      let position = after;
      while (!signal.aborted) {
        const next = log[position];
        if (next) {
          position++;
          yield next;
          continue;
        }
        await new Promise<void>((resolve) => {
          const tell = () => {
            news.delete(tell);
            resolve();
          };
          news.add(tell);
          signal.addEventListener('abort', tell, { once: true });
        });
      }
      signal.throwIfAborted();
    },
    async trial() {
      throw new Error('Not for searches');
    },
    async lines(trial) {
      return lines.get(trial) ?? '';
    },
  };
  return { client, log, running, complete };
}
