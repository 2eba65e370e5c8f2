import { XorflowError } from '../../events/errors.ts';
import { quoteValue } from '../../events/issues.ts';
import { filtersOf } from './filters.ts';
import { toNumber } from './number.ts';
import { type MetricRow, UNAVAILABLE } from './rows.ts';
import { toTimestamp } from './timestamp.ts';

/** Katib's collector inserts all rows of a trial in one statement of four placeholders each, of which there are 65535. */
const MAX_ROWS = 16_383;

/**
 * The metrics in what a trial printed, as Katib's collector takes them from a file of text: by every filter, every
 * match, whose name is one of a metric. A trial that does not report the objective gets one row that says so, and no
 * other.
 *
 * @param log its lines, or its text
 * @param metrics names, that of the objective first
 * @param metricsFormat filters in the language of Go; none are Katib's own
 * @param ruled metrics of the trial's rules of early stopping: on lines with one of these every value has to be a number
 * @throws XorflowError `METRICS_REFUSED` for what ends the collector, and so fails the trial; `INVALID_MANIFEST` for a
 *   filter or a name that Katib refuses
 */
export function collect(
  log: Iterable<string> | string,
  metrics: readonly string[],
  metricsFormat: readonly string[] = [],
  ruled: readonly string[] = [],
): readonly MetricRow[] {
  const filters = filtersOf(metricsFormat);
  const joined = metrics.find((name) => name.includes(';'));
  if (joined !== undefined) {
    throw new XorflowError(
      'INVALID_MANIFEST',
      `Wrong value ${quoteValue(joined)} of a metric's name: expected no ";", by which Katib joins several`,
    );
  }
  const rows: MetricRow[] = [];
  const text = typeof log === 'string' ? log : [...log].join('\n');
  for (const line of text.split('\n')) {
    if (ruled.some((name) => line.includes(name))) checkNumbers(line, filters);
    if (!metrics.some((name) => line.includes(name))) continue;
    const space = line.indexOf(' ');
    const timestamp = space < 0 ? undefined : toTimestamp(line.slice(0, space));
    for (const { name, value } of matchesOf(line, filters)) {
      if (metrics.includes(name)) rows.push({ name, value, timestamp });
    }
  }
  const [objective = ''] = metrics;
  if (!rows.some(({ name }) => name === objective)) {
    return [{ name: objective, value: UNAVAILABLE, timestamp: undefined }];
  }
  if (rows.length > MAX_ROWS) {
    throw new XorflowError(
      'METRICS_REFUSED',
      `Too many metric rows ${rows.length} of a trial: expected at most ${MAX_ROWS}, the most that Katib's database takes`,
    );
  }
  return rows;
}

/** @throws XorflowError `METRICS_REFUSED`, where the collector that watches for early stopping would end */
function checkNumbers(line: string, filters: readonly RegExp[]): void {
  for (const { name, value } of matchesOf(line, filters)) {
    if (toNumber(value) !== undefined) continue;
    throw new XorflowError(
      'METRICS_REFUSED',
      `Wrong value ${quoteValue(value)} of ${name} in the line ${quoteValue(line)}: expected a number, as all of a line with the metric of early stopping have to be`,
    );
  }
}

function* matchesOf(line: string, filters: readonly RegExp[]): Generator<{ name: string; value: string }> {
  for (const filter of filters) {
    for (const [, name = '', value = ''] of line.matchAll(filter)) yield { name: trim(name), value: trim(value) };
  }
}

/** Not `String.trim`, which takes off a byte order mark and leaves a next line, U+0085. */
function trim(text: string): string {
  return text.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, '');
}
