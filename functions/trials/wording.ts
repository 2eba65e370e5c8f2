import type { MetricName, Objective } from '../../events/search.ts';
import { area, significant } from '../plots/wording.ts';

/** A metric as it stands in a sentence: `validation accuracy`; what has no split in its name is of the training points. */
export function metricName(metric: MetricName): string {
  return (metric.startsWith('validation') ? metric : `training_${metric}`).replace('_', ' ');
}

/** With its unit, for an axis. */
export function metricTitle(metric: MetricName): string {
  return `${metricName(metric)} (${isAccuracy(metric) ? 'share of points' : 'nats'})`;
}

/** A value of a metric: an accuracy to three digits and never rounded to all or nothing, a loss to three that count. */
export function metricValue(metric: MetricName, value: number): string {
  return isAccuracy(metric) ? area(value) : significant(value);
}

/** What the objective is, before anybody has said so: values without a name. */
export function objectiveName(objective: Objective | undefined): string {
  return objective ? metricName(objective.metric) : 'objective';
}

/** `3 stopped early, 1 failed`; empty where neither happened. */
export function mishaps(trials: readonly { readonly status: string }[]): string {
  const of = (status: string) => trials.filter((trial) => trial.status === status).length;
  const [stopped, failed] = [of('stopped'), of('failed')];
  return [...(stopped > 0 ? [`${stopped} stopped early`] : []), ...(failed > 0 ? [`${failed} failed`] : [])].join(', ');
}

/** Longer parts may be broken. */
const UNBROKEN = 40;

/** What stands under a title: parts with points between them, which no line begins with. */
export function parts(...texts: readonly string[]): string {
  return texts
    .filter((text) => text !== '')
    .map((text) => (text.length <= UNBROKEN ? text.replaceAll(' ', '\u00a0') : text))
    .join('\u00a0· ');
}

/** Text of at most `length` characters. */
export function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}

/** A hyperparameter's value as people write it: `0.0123456789` is `0.0123`; what is no number stays. */
export function assignmentText(value: string): string {
  const number = Number(value);
  return value.trim() === '' || !Number.isFinite(number) || Number.isInteger(number) ? value : significant(number);
}

function isAccuracy(metric: MetricName): boolean {
  return metric.endsWith('accuracy');
}
