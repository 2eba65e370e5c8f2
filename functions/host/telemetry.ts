import { Counter, Histogram, Registry } from 'prom-client';

/** What `/metrics` tells of one function. */
export interface Telemetry {
  readonly contentType: string;
  text(): Promise<string>;
  /** Starts the clock of one event; the function that it returns stops it and counts the event. */
  start(): (type: string, outcome: string) => void;
}

/** A registry of its own for each function, since several may share a process. */
export function makeTelemetry(): Telemetry {
  const registry = new Registry();
  const events = new Counter({
    name: 'xorflow_events_total',
    help: 'Events received, by type and by what came of them',
    labelNames: ['type', 'outcome'],
    registers: [registry],
  });
  const seconds = new Histogram({
    name: 'xorflow_event_seconds',
    help: 'Time from the receipt of an event to its acknowledgement',
    labelNames: ['type'],
    buckets: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 600],
    registers: [registry],
  });
  const known = new Set<string>();
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    start() {
      const begin = performance.now();
      return (type, outcome) => {
        // Types come from outside: without a bound, each invented one would stay in memory for ever.
        const label = known.has(type) || known.size < 100 ? type : 'other';
        known.add(label);
        events.inc({ type: label, outcome });
        seconds.observe({ type: label }, (performance.now() - begin) / 1000);
      };
    },
  };
}
