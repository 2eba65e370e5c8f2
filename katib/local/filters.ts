import { XorflowError } from '../../events/errors.ts';
import { quoteValue } from '../../events/issues.ts';

/** Katib's own: a name, `=`, and a number of which every part may be missing. */
const USUAL = String.raw`([\w|-]+)\s*=\s*([+-]?\d*(?:\.\d+)?(?:[Ee][+-]?\d+)?)`;

/** What Go's `\s` is: less than JavaScript's. */
const SPACE = String.raw`\t\n\f\r `;

const POSIX: Readonly<Record<string, string>> = {
  '[:alnum:]': '0-9A-Za-z',
  '[:alpha:]': 'A-Za-z',
  '[:digit:]': '0-9',
  '[:lower:]': 'a-z',
  '[:space:]': String.raw`\t-\r `,
  '[:upper:]': 'A-Z',
  '[:word:]': '0-9A-Za-z_',
  '[:xdigit:]': '0-9A-Fa-f',
};

const ESCAPE = String.raw`\\x\{[0-9A-Fa-f]{1,6}\}|\\x[0-9A-Fa-f]{2}|\\[^]`;
const TOKEN = new RegExp(
  String.raw`${ESCAPE}|\[\^?\]?(?:\[:\w+:\]|${ESCAPE}|[^\]])*\]|\(\?(?:P?<\w+>|:)|\{\d+(?:,\d*)?\}|\(\?|[^]`,
  'gu',
);
const MEMBER = new RegExp(String.raw`\[:\w+:\]|${ESCAPE}|[^]`, 'gu');

/** Makes an error of what was expected. */
type Wrong = (rule: string) => XorflowError;

/**
 * The expressions that find metrics in a line, the name in the first group, the value in the second. Those of an
 * Experiment (`metricsFormat`) are written for Go; where it has none, Katib has its own.
 *
 * @throws XorflowError `INVALID_MANIFEST` for one that Katib refuses, or that JavaScript would understand differently
 */
export function filtersOf(metricsFormat: readonly string[] = []): readonly RegExp[] {
  return metricsFormat.length === 0 ? USUAL_FILTERS : metricsFormat.map(toExpression);
}

/** Made once: every trial is judged by them. */
const USUAL_FILTERS: readonly RegExp[] = [toExpression(USUAL)];

function toExpression(format: string): RegExp {
  const wrong: Wrong = (rule) =>
    new XorflowError('INVALID_MANIFEST', `Wrong value ${quoteValue(format)} in metricsFormat: expected ${rule}`);
  if (format.includes(';')) throw wrong('no ";", by which Katib joins several');
  const isFolded = format.startsWith('(?i)');
  const source = translate(isFolded ? format.slice('(?i)'.length) : format, wrong);
  let groups: number;
  try {
    groups = (new RegExp(`${source}|`, 'u').exec('')?.length ?? 1) - 1;
  } catch (cause) {
    throw wrong(`a regular expression of Go that is also one of JavaScript (${(cause as Error).message})`);
  }
  if (groups < 2) throw wrong('two groups, a name and a value');
  return new RegExp(source, isFolded ? 'giu' : 'gu');
}

/** An expression of Go as one of JavaScript with the flag `u`. */
function translate(format: string, wrong: Wrong): string {
  let translated = '';
  let groups = 0;
  const open: number[] = [];
  let closed: number | undefined;
  for (const [token] of format.matchAll(TOKEN)) {
    // Which round of a repetition a group is kept of, Go and JavaScript see differently.
    if (/^[*+{]/.test(token) && closed !== undefined && closed < Math.min(groups, 2)) {
      throw wrong('the name and the value outside of what is repeated; inside is not supported locally');
    }
    if (token === '(?') throw wrong('no groups but plain and named ones and (?:…); others are not supported locally');
    if (token.startsWith('(')) open.push(token === '(?:' ? groups : groups++);
    closed = token === ')' ? open.pop() : undefined;
    translated += tokenOf(token, wrong);
  }
  return translated;
}

function tokenOf(token: string, wrong: Wrong): string {
  switch (token) {
    case '.':
      return String.raw`[^\n]`;
    case String.raw`\s`:
      return `[${SPACE}]`;
    case String.raw`\S`:
      return `[^${SPACE}]`;
    case String.raw`\A`:
      return '^';
    case String.raw`\z`:
      return '$';
    case '{':
    case '}':
    case ']':
      return `\\${token}`;
  }
  if (/^\\[bBdDwW]$/.test(token)) return token;
  if (token.startsWith('\\')) return escapeOf(token, wrong);
  if (token.startsWith('[')) return bracketOf(token, wrong);
  return /^\(\?P?</.test(token) ? '(' : token;
}

function bracketOf(token: string, wrong: Wrong): string {
  if (!token.endsWith(']')) throw wrong('every "[" to have its "]"');
  const negation = token[1] === '^' ? '^' : '';
  let translated = '';
  /** Whether the member before may begin a range. */
  let begins = false;
  const members = [...token.slice(1 + negation.length, -1).matchAll(MEMBER)].map(([member]) => member);
  for (const [index, member] of members.entries()) {
    if (member === '-') {
      const isRange: boolean = begins && index < members.length - 1;
      translated += isRange ? '-' : String.raw`\-`;
      begins = !isRange && !begins;
    } else {
      const isSet = member.startsWith('[:') || /^\\[sSdDwW]$/.test(member);
      begins = !isSet && !translated.endsWith('-');
      translated += memberOf(member, wrong);
    }
  }
  return `[${negation}${translated}]`;
}

function memberOf(member: string, wrong: Wrong): string {
  if (member.startsWith('[:')) {
    const set = POSIX[member];
    if (set === undefined) throw wrong(`of the sets in [: :] one of ${Object.keys(POSIX).join(', ')}`);
    return set;
  }
  if (member === String.raw`\s`) return SPACE;
  if (/^\\[dDwW]$/.test(member)) return member;
  if (member.startsWith('\\')) return escapeOf(member, wrong);
  return member === '[' || member === ']' ? `\\${member}` : member;
}

function escapeOf(token: string, wrong: Wrong): string {
  const [, hex] = /^\\x\{?([0-9A-Fa-f]+)\}?$/.exec(token) ?? [];
  if (hex !== undefined) return `\\u{${hex}}`;
  if (token === String.raw`\a`) return String.raw`\u{7}`;
  if (/^\\[fnrtv]$/.test(token)) return token;
  const code = token.codePointAt(1) ?? 0;
  if (/^\\[0-9A-Za-z]/.test(token) || code > 0x7f) throw wrong(`no ${token}, which is not supported locally`);
  return `\\u{${code.toString(16)}}`;
}
