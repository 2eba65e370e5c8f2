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

/** An epoch's metrics as they are reported: by name, to six digits, without what is no finite number. */
export function reportedMetrics(metrics: EpochMetrics): Partial<Record<MetricName, number>> {
  const values: Record<MetricName, number> = {
    loss: metrics.loss,
    accuracy: metrics.accuracy,
    validation_loss: metrics.validationLoss,
    validation_accuracy: metrics.validationAccuracy,
  };
  const finite = Object.entries(values).filter(([, value]) => Number.isFinite(value));
  return Object.fromEntries(finite.map(([name, value]) => [name, Number(value.toPrecision(6))]));
}

/**
 * An epoch as Katib reads it from a log: RFC 3339 time, whose line it is, and `key=number` pairs alone. What is no
 * finite number is left out: a collector with early stopping dies of it.
 *
 * @param prefix whose line it is: `<experiment>/<model>` or `trial/<name>`
 */
export function metricLine(prefix: string, { time, metrics }: TimedMetrics): string {
  const pairs = Object.entries(reportedMetrics(metrics)).map(([name, value]) => `${name}=${value}`);
  return [new Date(time).toISOString(), prefix, `epoch=${metrics.epoch}`, ...pairs].join(' ');
}
