import type { MetricName } from '../../events/search.ts';

/** What has been printed of a trial. */
export interface LinePrinter {
  /** Prints a line, if it is one of the trial that has not been printed. */
  take(line: string): void;
  /** How many values of the objective were printed. */
  readonly objectives: number;
  /** The epoch of the last line; 0 before the first. */
  readonly lastEpoch: number;
  /** The first line of the trial that is none that Katib can read; it was not printed. */
  readonly refused: string | undefined;
  /** Resolves when the line of that epoch, or of a later one, has been printed. */
  reached(epoch: number): Promise<void>;
}

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;
const PAIR = /^(\w+)=([+-]?(?:\d+(?:\.\d+)?|\.\d+)(?:[Ee][+-]?\d+)?)$/;

/**
 * Prints the metric lines of one trial as they are: each epoch once, whatever is read twice and whoever trained it, and
 * nothing that Katib's collector would take for an empty value.
 *
 * @param write takes whole lines
 */
export function makeLinePrinter(name: string, objective: MetricName, write: (text: string) => void): LinePrinter {
  const waiting = new Set<{ readonly epoch: number; settle(): void }>();
  const printer = {
    objectives: 0,
    lastEpoch: 0,
    refused: undefined as string | undefined,
    take(line: string) {
      const [time = '', who, ...pairs] = line.split(' ');
      if (who !== `trial/${name}`) return;
      const values = TIME.test(time) ? valuesOf(pairs) : undefined;
      const epoch = values?.get('epoch');
      if (!values || epoch === undefined) {
        printer.refused ??= line;
        return;
      }
      // Epochs come in order; what comes again is of a reconnection, or of a second training after a redelivery.
      if (epoch <= printer.lastEpoch) return;
      write(`${line}\n`);
      printer.lastEpoch = epoch;
      if (values.has(objective)) printer.objectives += 1;
      for (const one of waiting) if (one.epoch <= epoch && waiting.delete(one)) one.settle();
    },
    async reached(epoch: number) {
      if (printer.lastEpoch < epoch) await new Promise<void>((settle) => waiting.add({ epoch, settle }));
    },
  };
  return printer;
}

/** The numbers of `key=number` pairs; undefined where one is none, or comes twice. */
function valuesOf(pairs: readonly string[]): ReadonlyMap<string, number> | undefined {
  const values = new Map<string, number>();
  for (const pair of pairs) {
    const [, key = '', text] = PAIR.exec(pair) ?? [];
    const value = Number(text);
    if (!Number.isFinite(value) || values.has(key)) return undefined;
    values.set(key, value);
  }
  return values;
}
