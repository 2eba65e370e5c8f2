import type { Deps } from '../host/function.ts';
import { metricLine, type TimedMetrics } from './lines.ts';

export interface LineWriter {
  write(rows: readonly TimedMetrics[]): void;
  /** Resolves when all that was written has been emitted. */
  written(): Promise<void>;
}

/**
 * Emits metric lines in order while the training goes on, under keys that a second training of the event repeats.
 *
 * @param log the experiment or trial whose followers get them
 * @param prefix whose lines they are
 * @param cause the id of the event
 */
export function makeLineWriter(deps: Pick<Deps, 'emitLines'>, log: string, prefix: string, cause: string): LineWriter {
  let queue: Promise<void> = Promise.resolve();
  return {
    write(rows: readonly TimedMetrics[]): void {
      const lines = rows.map((row) => ({ key: `${cause}/${row.metrics.epoch}`, text: metricLine(prefix, row) }));
      queue = queue.then(() => deps.emitLines(log, lines));
      // Whoever awaits `written` learns of it; until then it is not unhandled.
      queue.catch(() => undefined);
    },
    written: () => queue,
  };
}
