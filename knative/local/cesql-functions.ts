/** A value of the CloudEvents SQL language; numbers are 32-bit integers. */
export type Value = string | number | boolean;
type Type = 'string' | 'number' | 'boolean' | 'any';
type TypeOf<T> = T extends 'string' ? string : T extends 'number' ? number : boolean;

/** An error of the language: while filtering, it means no match. */
export class CesqlError extends Error {}

interface Overload {
  readonly types: readonly Type[];
  /** The type of any further arguments. */
  readonly variadic?: Type;
  readonly apply: (...args: Value[]) => Value;
}

/** Casts a value as CESQL does. @throws CesqlError if it cannot be. */
export function cast<T extends 'string' | 'number' | 'boolean'>(value: Value, type: T): TypeOf<T>;
export function cast(value: Value, type: 'string' | 'number' | 'boolean'): Value {
  if (typeof value === type) return value;
  if (type === 'string') return String(value);
  if (type === 'boolean') {
    if (typeof value === 'number') return value !== 0;
    const word = String(value).toLowerCase();
    if (word === 'true' || word === 'false') return word === 'true';
  } else if (typeof value === 'boolean') {
    return Number(value);
  } else if (/^[+-]?\d+$/.test(String(value)) && Number(value) >= -2_147_483_648 && Number(value) <= 2_147_483_647) {
    return Number(value) | 0;
  }
  throw new CesqlError(`cannot cast ${JSON.stringify(value)} to ${type}`);
}

function text(types: readonly Type[], apply: (x: string, ...rest: number[]) => Value): Overload {
  return { types, apply: (x, ...rest) => apply(String(x), ...rest.map(Number)) };
}

function notNegative(length: number): number {
  if (length < 0) throw new CesqlError(`negative length ${length}`);
  return length;
}

function substring(x: string, position: number, length = x.length): string {
  notNegative(length);
  if (position > x.length || position < -x.length) throw new CesqlError(`position ${position} outside of the string`);
  if (position === 0) return '';
  const start = position > 0 ? position - 1 : x.length + position;
  return x.slice(start, start + length);
}

/** The built-in functions, by name; the overloads of one name differ in how many arguments they take. */
export const FUNCTIONS: Readonly<Record<string, readonly Overload[]>> = {
  LENGTH: [text(['string'], (x) => x.length)],
  LOWER: [text(['string'], (x) => x.toLowerCase())],
  UPPER: [text(['string'], (x) => x.toUpperCase())],
  TRIM: [text(['string'], (x) => x.trim())],
  LEFT: [text(['string', 'number'], (x, length = 0) => x.slice(0, notNegative(length)))],
  RIGHT: [text(['string', 'number'], (x, length = 0) => x.slice(Math.max(0, x.length - notNegative(length))))],
  SUBSTRING: [
    text(['string', 'number'], (x, position = 0) => substring(x, position)),
    text(['string', 'number', 'number'], (x, position = 0, length = 0) => substring(x, position, length)),
  ],
  CONCAT: [{ types: [], variadic: 'string', apply: (...parts) => parts.join('') }],
  CONCAT_WS: [{ types: ['string'], variadic: 'string', apply: (separator, ...parts) => parts.join(String(separator)) }],
  ABS: [{ types: ['number'], apply: (x) => cast(String(Math.abs(Number(x))), 'number') }],
  INT: [{ types: ['any'], apply: (x = 0) => cast(x, 'number') }],
  BOOL: [{ types: ['any'], apply: (x = false) => cast(x, 'boolean') }],
  STRING: [{ types: ['any'], apply: (x = '') => cast(x, 'string') }],
  IS_INT: [{ types: ['any'], apply: (x = '') => canCast(x, 'number') }],
  IS_BOOL: [{ types: ['any'], apply: (x = '') => canCast(x, 'boolean') }],
};

function canCast(value: Value, type: 'number' | 'boolean'): boolean {
  try {
    cast(value, type);
    return true;
  } catch {
    return false;
  }
}
