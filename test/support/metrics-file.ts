/** One value that Katib's collector would store. */
export interface Row {
  /** Empty where it is not told. */
  readonly time: string;
  readonly name: string;
  /** As text; empty where the collector takes no number. */
  readonly value: string;
}

const FILTER = /([\w|-]+)\s*=\s*([+-]?\d*(?:\.\d+)?(?:[Ee][+-]?\d+)?)/g;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;

/** What Katib's collector finds in a file of text: by its default filter, in lines that have a metric's name in them. */
export function collectMetrics(text: string, names: readonly string[]): Row[] {
  return text.split('\n').flatMap((line) => {
    if (!names.some((name) => line.includes(name))) return [];
    const [first = ''] = line.split(' ');
    const time = TIME.test(first) ? first : '';
    return [...line.matchAll(FILTER)]
      .filter(([, name]) => names.includes(name ?? ''))
      .map(([, name = '', value = '']) => ({ time, name, value }));
  });
}

/** Whether early stopping can read a file: each key of a line that has the metric's name in it needs a number. */
export function isNumeric(text: string, metric: string): boolean {
  const lines = text.split('\n').filter((line) => line.includes(metric));
  return lines.every((line) => [...line.matchAll(FILTER)].every(([, , value]) => value !== ''));
}
