import type { MetricName } from '../../events/search.ts';
import type { EpochMetrics } from './engines/engine.ts';

/** An epoch that is reported, with the time (milliseconds since 1970) at which it was over. */
export interface TimedMetrics {
  readonly time: number;
  readonly metrics: EpochMetrics;
}

/** About how many lines a training prints. */
const LINES = 50;

/** Whether an epoch gets a line: about fifty do, the last one always. */
export function isReported(epoch: number, epochs: number): boolean {
  return epoch === epochs || epoch % Math.ceil(epochs / LINES) === 0;
}

const NAMES = [
  ['loss', 'loss'],
  ['accuracy', 'accuracy'],
  ['validation_loss', 'validationLoss'],
  ['validation_accuracy', 'validationAccuracy'],
] as const satisfies readonly (readonly [MetricName, keyof EpochMetrics])[];

/** An epoch's metrics as they are reported: by name, to six digits, without what is no finite number. */
export function reportedMetrics(metrics: EpochMetrics): Partial<Record<MetricName, number>> {
  const reported: Partial<Record<MetricName, number>> = {};
  for (const [name, field] of NAMES) {
    const value = metrics[field];
    if (Number.isFinite(value)) reported[name] = Number(value.toPrecision(6));
  }
  return reported;
}

/**
 * An epoch as Katib reads it from a log: RFC 3339 time, whose line it is, and `key=number` pairs alone. What is no
 * finite number is left out: a collector with early stopping dies of it.
 *
 * @param prefix whose line it is: `<experiment>/<model>` or `trial/<name>`
 */
export function metricLine(prefix: string, { time, metrics }: TimedMetrics): string {
  let line = `${new Date(time).toISOString()} ${prefix} epoch=${metrics.epoch}`;
  for (const [name, value] of Object.entries(reportedMetrics(metrics))) line += ` ${name}=${value}`;
  return line;
}
