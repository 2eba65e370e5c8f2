import { XorflowError } from '../../events/errors.ts';
import { compileCesql } from './cesql.ts';

type Attributes = Readonly<Record<string, string>>;

/** Whether an event with these attributes passes. */
export type Filter = (attributes: Attributes) => boolean;

const DIALECTS = ['exact', 'prefix', 'suffix', 'all', 'any', 'not', 'cesql'] as const;
const ATTRIBUTE = /^[a-z][a-z0-9]*$/;
const MAX_DEPTH = 50;

/**
 * Compiles what a Trigger filters by, once. A non-empty `filters` overrides `filter`; neither means every event.
 * @throws XorflowError `INVALID_MANIFEST` for what the real webhook refuses, naming the field below `place`.
 */
export function compileFilter(spec: { filter?: unknown; filters?: unknown }, place: string): Filter {
  const { filter, filters } = spec;
  if (filters !== undefined && filters !== null) {
    const members = list(filters, `${place}.filters`);
    const compiled = all(compileList(members, `${place}.filters`, 1));
    if (members.length > 0) return compiled ?? everything;
  }
  if (filter === undefined || filter === null) return everything;
  const attributes = object(filter, `${place}.filter`).attributes;
  if (attributes === undefined) return everything;
  const wanted = attributeMap(attributes, `${place}.filter.attributes`);
  // The empty value stands for any value but the empty one.
  return (event) =>
    wanted.every(([name, value]) => (value === '' ? read(event, name) !== '' : read(event, name) === value));
}

const everything: Filter = () => true;

// `undefined` is "no filter": an entry that the real broker leaves out of account, such as `exact` with an empty value.
function compileEntry(entry: unknown, place: string, depth: number): Filter | undefined {
  if (depth > MAX_DEPTH) fail(entry, place, `at most ${MAX_DEPTH} levels`);
  const fields = object(entry, place);
  const used = Object.keys(fields).filter((name) => fields[name] !== undefined && fields[name] !== null);
  const [dialect, second] = used;
  if (dialect === undefined) return undefined;
  if (second !== undefined) fail(used, place, 'one dialect per entry');
  const value = fields[dialect];
  const path = `${place}.${dialect}`;
  switch (dialect) {
    case 'exact':
      return matchAttributes(value, path, (actual, wanted) => actual === wanted);
    case 'prefix':
      return matchAttributes(value, path, (actual, wanted) => actual.startsWith(wanted));
    case 'suffix':
      return matchAttributes(value, path, (actual, wanted) => actual.endsWith(wanted));
    case 'all':
      return all(compileList(list(value, path), path, depth));
    case 'any': {
      const members = compileList(list(value, path), path, depth);
      return members.length === 0 ? undefined : (event) => members.some((member) => member(event));
    }
    case 'not': {
      const inner = compileEntry(value, path, depth + 1);
      return inner && ((event) => !inner(event));
    }
    case 'cesql':
      if (typeof value !== 'string') fail(value, path, 'a string');
      return value === '' ? undefined : compileCesql(value, path);
    default:
      return fail(dialect, place, `one of ${DIALECTS.join(', ')}`);
  }
}

function compileList(members: readonly unknown[], place: string, depth: number): Filter[] {
  return members.flatMap((member, index) => compileEntry(member, `${place}[${index}]`, depth + 1) ?? []);
}

function all(members: readonly Filter[]): Filter | undefined {
  return members.length === 0 ? undefined : (event) => members.every((member) => member(event));
}

function matchAttributes(value: unknown, place: string, matches: (actual: string, wanted: string) => boolean) {
  const wanted = attributeMap(value, place);
  if (wanted.length === 0 || wanted.some(([, text]) => text === '')) return undefined;
  return (event: Attributes) =>
    wanted.every(([name, text]) => Object.hasOwn(event, name) && matches(read(event, name), text));
}

function read(event: Attributes, name: string): string {
  return Object.hasOwn(event, name) ? (event[name] ?? '') : '';
}

function attributeMap(value: unknown, place: string): [string, string][] {
  return Object.entries(object(value, place)).map(([name, text]) => {
    if (!ATTRIBUTE.test(name)) fail(name, place, 'an attribute name of letters a-z and digits, a letter first');
    if (typeof text !== 'string') fail(text, `${place}.${name}`, 'a string (quote numbers)');
    return [name, text];
  });
}

function object(value: unknown, place: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) fail(value, place, 'a map');
  return value as Readonly<Record<string, unknown>>;
}

function list(value: unknown, place: string): readonly unknown[] {
  if (!Array.isArray(value)) fail(value, place, 'a list');
  return value;
}

function fail(value: unknown, place: string, rule: string): never {
  throw new XorflowError('INVALID_MANIFEST', `Invalid value ${JSON.stringify(value)} at ${place}: expected ${rule}`);
}
