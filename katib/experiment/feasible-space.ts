import { DISTRIBUTIONS } from '../algorithms/algorithm.ts';
import { missingValue, wrongValue } from './sentence.ts';

/** What a parameter may be, as Katib has it: text, empty or not there where nothing is said. */
export interface RawSpace {
  readonly min?: string | undefined;
  readonly max?: string | undefined;
  readonly step?: string | undefined;
  readonly list?: readonly string[] | undefined;
  readonly distribution?: string | undefined;
}

export interface RawParameter {
  readonly name: string;
  readonly parameterType: string;
  readonly feasibleSpace: RawSpace;
}

const NUMERIC = ['double', 'int'];
const LISTED = ['discrete', 'categorical'];
/** What an event of a trial has room for. */
const LONGEST = 256;

/** What is wrong with a parameter, one sentence each. @param path of the parameter */
export function problemsOfParameter({ parameterType, feasibleSpace }: RawParameter, path: string): string[] {
  const at = `${path}.feasibleSpace`;
  const distribution = feasibleSpace.distribution || 'uniform';
  if (!DISTRIBUTIONS.some((known) => known === distribution)) {
    return [wrongValue(distribution, `${at}.distribution`, `one of ${DISTRIBUTIONS.join(', ')}`)];
  }
  if (NUMERIC.includes(parameterType)) return problemsOfRange(parameterType, feasibleSpace, at);
  if (LISTED.includes(parameterType)) return problemsOfList(parameterType, feasibleSpace, at);
  return [wrongValue(parameterType, `${path}.parameterType`, `one of ${[...NUMERIC, ...LISTED].join(', ')}`)];
}

/** Decimal digits with an exponent, as every language reads them; undefined for anything else. */
export function numberOf(text: string, type: string): number | undefined {
  const isWritten = type === 'int' ? /^[+-]?\d+$/ : /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
  const value = Number(text);
  const isExact = type === 'int' ? Number.isSafeInteger(value) : Number.isFinite(value);
  return isWritten.test(text) && isExact ? value : undefined;
}

function problemsOfRange(type: string, space: RawSpace, at: string): string[] {
  const what = type === 'int' ? 'an integer' : 'a number';
  const problems: string[] = [];
  const read = (field: 'min' | 'max' | 'step') => {
    const text = space[field];
    if (!text) {
      if (field !== 'step') problems.push(missingValue(`${at}.${field}`, `${what} in quotes`));
      return undefined;
    }
    const value = numberOf(text, type);
    if (value === undefined) problems.push(wrongValue(text, `${at}.${field}`, what));
    return value;
  };
  if (space.list?.length) problems.push(wrongValue(space.list, `${at}.list`, `none: ${type} has min and max`));
  const [min, max, step] = [read('min'), read('max'), read('step')];
  if (min !== undefined && max !== undefined) {
    if (min >= max) problems.push(wrongValue(space.max, `${at}.max`, `more than min, ${space.min}`));
    else if (step !== undefined && step - (max - min) > (max - min) * 1e-9) {
      problems.push(wrongValue(space.step, `${at}.step`, `at most max - min, ${Number((max - min).toPrecision(12))}`));
    }
  }
  if (step !== undefined && step <= 0) problems.push(wrongValue(space.step, `${at}.step`, 'more than 0'));
  if (min !== undefined && min <= 0 && space.distribution?.startsWith('log')) {
    problems.push(wrongValue(space.min, `${at}.min`, `more than 0 for ${space.distribution}`));
  }
  return problems;
}

function problemsOfList(type: string, space: RawSpace, at: string): string[] {
  const problems = (['min', 'max', 'step'] as const).flatMap((field) =>
    space[field] ? [wrongValue(space[field], `${at}.${field}`, `none: ${type} has a list`)] : [],
  );
  if (space.distribution && space.distribution !== 'uniform') {
    problems.push(wrongValue(space.distribution, `${at}.distribution`, `uniform: ${type} has a list`));
  }
  const { list = [] } = space;
  if (list.length === 0) problems.push(missingValue(`${at}.list`, 'at least one value'));
  const keys = list.map((value) => (type === 'discrete' ? (numberOf(value, 'double') ?? value) : value));
  for (const [index, value] of list.entries()) {
    const rule = ruleOf(value, type) ?? (keys.indexOf(keys[index] ?? '') < index ? 'every value once' : undefined);
    if (rule !== undefined) problems.push(wrongValue(value, `${at}.list.${index}`, rule));
  }
  return problems;
}

function ruleOf(value: string, type: string): string | undefined {
  if (type === 'discrete') return numberOf(value, 'double') === undefined ? 'a number' : undefined;
  if (value === '' || value.length > LONGEST) return `1 to ${LONGEST} characters`;
  // Of a value that Katib puts into the JSON of a Job, and Kubernetes into an environment.
  return /["\\$\p{Cc}]/u.test(value)
    ? 'no quote, backslash, $ or control character: Katib puts it into JSON as it is'
    : undefined;
}
