import type { z } from 'zod';

/** A value as it may stand in a message: short, on one line, without what a terminal would act on. */
export function quoteValue(value: unknown): string {
  const text = typeof value === 'string' ? JSON.stringify(value) : (JSON.stringify(value) ?? String(value));
  const plain = Number.isNaN(value) || value === Number.POSITIVE_INFINITY ? String(value) : text;
  return plain.length > 80 ? `${plain.slice(0, 77)}...` : plain;
}

function at(data: unknown, path: readonly PropertyKey[]): unknown {
  let value: unknown = data;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

function isMissing(data: unknown, path: readonly PropertyKey[]): boolean {
  const parent = at(data, path.slice(0, -1));
  const key = path.at(-1);
  return key !== undefined && (typeof parent !== 'object' || parent === null || !(key in parent));
}

function ruleOf(issue: z.core.$ZodIssue): string {
  if (issue.message.startsWith('expected ')) return issue.message.slice('expected '.length);
  switch (issue.code) {
    case 'too_small':
      return issue.origin === 'array'
        ? `at least ${issue.minimum} item(s)`
        : `${issue.inclusive === false ? 'more than' : 'at least'} ${issue.minimum}`;
    case 'too_big':
      return issue.origin === 'array' || issue.origin === 'string'
        ? `at most ${issue.maximum} ${issue.origin === 'array' ? 'items' : 'characters'}`
        : `${issue.inclusive === false ? 'less than' : 'at most'} ${issue.maximum}`;
    case 'invalid_value':
      return issue.values.length === 1
        ? quoteValue(issue.values[0])
        : `one of ${issue.values.map(quoteValue).join(', ')}`;
    case 'invalid_type':
      return issue.expected === 'int'
        ? 'an integer'
        : `${/^[aeiou]/.test(issue.expected) ? 'an' : 'a'} ${issue.expected}`;
    case 'invalid_union':
      return issue.errors
        .map((branch) => branch[0])
        .filter((first) => first !== undefined)
        .map(ruleOf)
        .join(' or ');
    default:
      return issue.message;
  }
}

function nearest(word: string, allowed: readonly string[]): string | undefined {
  const distance = (a: string, b: string): number => {
    let row = Array.from({ length: b.length + 1 }, (_, index) => index);
    for (let i = 1; i <= a.length; i++) {
      const next = [i];
      for (let j = 1; j <= b.length; j++) {
        next[j] = Math.min(
          (row[j] ?? 0) + 1,
          (next[j - 1] ?? 0) + 1,
          (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
        );
      }
      row = next;
    }
    return row[b.length] ?? 0;
  };
  const ranked = allowed.map((other) => ({ other, far: distance(word.toLowerCase(), other.toLowerCase()) }));
  const best = ranked.sort((a, b) => a.far - b.far)[0];
  return best && best.far <= Math.max(2, word.length / 3) ? best.other : undefined;
}

/** The names of the fields that may stand at a path of a schema; none where it is no object. */
function fieldsAt(schema: unknown, path: readonly PropertyKey[]): readonly string[] {
  const { def } = schema as {
    def: { type: string; innerType?: unknown; element?: unknown; shape?: Record<string, unknown> };
  };
  if (def.innerType) return fieldsAt(def.innerType, path);
  const [key, ...rest] = path;
  if (def.type === 'array' && key !== undefined) return fieldsAt(def.element, rest);
  if (def.type !== 'object' || !def.shape) return [];
  if (key === undefined) return Object.keys(def.shape);
  const field = def.shape[String(key)];
  return field ? fieldsAt(field, rest) : [];
}

/**
 * The first thing wrong with `data`, as one sentence with the path, the value and what is allowed:
 * `Wrong value 1 at dataset.dims: expected an integer from 2 to 64`.
 *
 * @param schema that refused the data; with it, an unknown field is answered with those that there are
 */
export function sentenceOf(error: z.ZodError, data: unknown, schema?: z.ZodType): string {
  const issue = error.issues[0];
  if (!issue) return 'Wrong data';
  const place = issue.path.map(String).join('.');
  const where = place === '' ? '' : ` at ${place}`;
  const more = error.issues.length > 1 ? ` (and ${error.issues.length - 1} more)` : '';
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const known = schema ? fieldsAt(schema, issue.path) : [];
    const meant = nearest(key, known);
    const hint = meant ? `; did you mean ${meant}?` : known.length > 0 ? `: expected one of ${known.join(', ')}` : '';
    return `Unknown field ${quoteValue(key)}${where}${hint}${more}`;
  }
  if (issue.path.length > 0 && isMissing(data, issue.path))
    return `Missing value${where}: expected ${ruleOf(issue)}${more}`;
  return `Wrong value ${quoteValue(at(data, issue.path))}${where}: expected ${ruleOf(issue)}${more}`;
}
