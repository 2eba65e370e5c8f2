/** A value that Katib has a word for where it has none. */
export const UNAVAILABLE = 'unavailable';

/** One value of one metric, as Katib's collector takes it from a log. */
export interface MetricRow {
  readonly name: string;
  /** As printed; Katib also takes what is no number, and nothing at all. */
  readonly value: string;
  /** RFC 3339 in UTC, to the microsecond; undefined where Katib writes the first second of the year 1. */
  readonly timestamp: string | undefined;
}

/** The rows as Katib's database gives them back: by time, those without one first, those of one time as printed. */
export function inTimeOrder(rows: readonly MetricRow[]): readonly MetricRow[] {
  return rows.toSorted((a, b) => {
    const [first, second] = [instantOf(a), instantOf(b)];
    return first < second ? -1 : Number(first > second);
  });
}

/** Text that sorts by time: without its `Z` a shorter fraction is the beginning of a longer one. */
function instantOf({ timestamp = '' }: MetricRow): string {
  return timestamp.slice(0, -1);
}
