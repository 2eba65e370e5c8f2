import { significant } from '../plots/wording.ts';

/** Where the values of one hyperparameter, or of the objective, stand on an axis from 0 to 1. */
export interface Scale {
  readonly name: string;
  readonly kind: 'linear' | 'log' | 'levels';
  /** How many values there are, of `levels`. */
  readonly levels: number;
  /** The place of a value that the scale was made of. */
  at(value: string): number | undefined;
  readonly ticks: readonly { readonly at: number; readonly label: string }[];
}

/**
 * An axis is logarithmic from this ratio of the largest to the smallest value on, and where as many values are less than a
 * tenth of the largest: of evenly spread numbers a few always come close to 0.
 */
const WIDE = 100;
const SMALL_SHARE = 0.2;
/** A number that takes no more values than these, and some of them again and again, is one of a list. */
const MAX_LEVELS = 8;
/** More labels than these do not fit on an axis. */
const MAX_LABELS = 20;

/** The scale of all values of a hyperparameter, as Katib gives them: as text. */
export function scaleOf(name: string, values: readonly string[]): Scale {
  const distinct = [...new Set(values)];
  const numbers = distinct.map(numberOf);
  if (numbers.some(Number.isNaN)) return levelScale(name, distinct.toSorted());
  const isList = distinct.length <= MAX_LEVELS && distinct.length * 2 <= values.length;
  if (isList || new Set(numbers).size === 1) {
    return levelScale(
      name,
      distinct.toSorted((a, b) => Number(a) - Number(b)),
    );
  }
  return numberScale(name, numbers);
}

/** The scale of numbers of which there are at least two. */
export function numberScale(name: string, numbers: readonly number[]): Scale {
  const low = Math.min(...numbers);
  const high = Math.max(...numbers);
  const small = numbers.filter((value) => value < high / 10).length / numbers.length;
  const kind = low > 0 && high / low >= WIDE && small >= SMALL_SHARE ? 'log' : 'linear';
  const place = kind === 'log' ? Math.log10 : (value: number) => value;
  const span = place(high) - place(low);
  const at = (value: number) => (span === 0 ? 0.5 : (place(value) - place(low)) / span);
  const ticks = span === 0 ? [low] : kind === 'log' ? logTicks(low, high) : roundNumbers(low, high);
  return {
    name,
    kind,
    levels: 0,
    at: (value) => (Number.isNaN(numberOf(value)) ? undefined : at(numberOf(value))),
    ticks: ticks.map((tick) => ({ at: at(tick), label: significant(tick) })),
  };
}

function levelScale(name: string, levels: readonly string[]): Scale {
  const at = (index: number) => (index + 0.5) / levels.length;
  const every = Math.ceil(levels.length / MAX_LABELS);
  return {
    name,
    kind: 'levels',
    levels: levels.length,
    at: (value) => (levels.includes(value) ? at(levels.indexOf(value)) : undefined),
    ticks: levels.flatMap((label, index) => (index % every === 0 ? [{ at: at(index), label }] : [])),
  };
}

function numberOf(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : Number.NaN;
}

/** Powers of ten between two numbers, and 2 and 5 times those where they would be few: at most nine ticks. */
export function logTicks(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low) + 1e-9);
  const last = Math.floor(Math.log10(high) + 1e-9);
  const factors = Math.log10(high / low) < 2.5 ? [1, 2, 5] : [1];
  const every = Math.ceil((last - first) / 8) || 1;
  const exponents = Array.from({ length: last - first + 1 }, (_, index) => first + index);
  return exponents
    .filter((exponent) => (exponent - last) % every === 0)
    .flatMap((exponent) => factors.map((factor) => Number(`${factor}e${exponent}`)))
    .filter((tick) => tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9));
}

/** Multiples of 1, 2 or 5 times a power of ten between two numbers: four to eight of them. */
export function roundNumbers(low: number, high: number): number[] {
  const rough = (high - low) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  // The borders between the factors are their geometric means.
  const factor = [1, 2, 5].find((candidate) => rough / power <= candidate * Math.sqrt(candidate === 2 ? 2.5 : 2)) ?? 10;
  const step = factor * power;
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  return Array.from({ length: count }, (_, index) => Number(((first + index) * step).toPrecision(12)));
}

/** Five significant digits: more than any chart can show. */
export function short(value: number): number {
  return Number(value.toPrecision(5));
}
