import { type DataOf, type EventDefinition, type EventOf, makeEvent } from '../../events/define.ts';
import { experimentFailed, trialCancelled, trialCompleted, type trialRequested } from '../../events/registry.ts';
import type { MetricName } from '../../events/search.ts';

type Values = Partial<Record<MetricName, number>>;

/** A trial as a gateway holds it, and what a test makes of it. */
export interface HeldTrial {
  readonly name: string;
  readonly request: DataOf<typeof trialRequested>;
  readonly lines: string[];
  /** Structured CloudEvents. */
  readonly events: string[];
  /** The line of one epoch, as the function prints it. */
  lineOf(epoch: number, values: Values): string;
  report(epoch: number, values: Values): void;
  /** A line as it is. */
  print(line: string): void;
  succeed(epochs: number, values: Values): void;
  stop(epochs: number, values: Values, reason: string): void;
  fail(reason: string): void;
  /** Whoever should train it does not take the event. */
  refuse(reason: string): void;
  cancel(reason: string): void;
  /** Resolves with the reason. */
  readonly cancelled: Promise<string>;
  isOver(): boolean;
  view(): Readonly<Record<string, unknown>>;
  /** Resolves with the next change. */
  changed(): Promise<void>;
}

/** The first line's time; a second between two epochs. */
const START = Date.UTC(2026, 10, 23, 10);

export function makeHeldTrial(name: string, event: EventOf<typeof trialRequested>): HeldTrial {
  const request = event.data as DataOf<typeof trialRequested>;
  const lines: string[] = [];
  const events = [JSON.stringify(event)];
  const { promise: cancelled, resolve: resolveCancelled } = Promise.withResolvers<string>();
  let result: DataOf<typeof trialCompleted> | undefined;
  let isRefused = false;
  let next = Promise.withResolvers<void>();
  const change = () => {
    next.resolve();
    next = Promise.withResolvers();
  };
  const add = (definition: EventDefinition, data: unknown) => {
    const { experiment } = request;
    const id = `${name}-${events.length}`;
    const made = makeEvent(definition, {
      source: '/xorflow/test',
      id,
      subject: name,
      extensions: { experiment },
      data,
    });
    events.push(JSON.stringify(made));
    change();
  };
  const complete = (data: DataOf<typeof trialCompleted>) => {
    result ??= data;
    add(trialCompleted, data);
  };
  const common = { experiment: request.experiment, assignments: request.assignments };
  const judged = (epochs: number, values: Values) => ({
    ...common,
    objective: { ...request.objective, value: values[request.objective.metric] ?? 0 },
    metrics: values,
    epochs,
    durationMs: 1,
  });
  const lineOf = (epoch: number, values: Values) => {
    const pairs = Object.entries(values).map(([key, value]) => `${key}=${value}`);
    return [new Date(START + 1000 * epoch).toISOString(), `trial/${name}`, `epoch=${epoch}`, ...pairs].join(' ');
  };
  const print = (line: string) => {
    lines.push(line);
    change();
  };
  return {
    name,
    request,
    lines,
    events,
    lineOf,
    print,
    report: (epoch, values) => print(lineOf(epoch, values)),
    succeed: (epochs, values) => complete({ ...judged(epochs, values), status: 'succeeded' }),
    stop: (epochs, values, reason) => complete({ ...judged(epochs, values), status: 'stopped', reason }),
    fail: (reason) => complete({ ...common, status: 'failed', reason }),
    refuse(reason) {
      isRefused = true;
      const { type, source, id } = event;
      add(experimentFailed, { stage: 'train', code: 'INVALID_SPEC', reason, cause: { type, source, id } });
    },
    cancel(reason) {
      add(trialCancelled, { experiment: request.experiment, reason });
      resolveCancelled(reason);
    },
    cancelled,
    isOver: () => isRefused || result !== undefined,
    view: () => ({ name, status: 'requested', requestedAt: event.time, ...common, ...result }),
    changed: () => next.promise,
  };
}
