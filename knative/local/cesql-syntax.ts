import { XorflowError } from '../../events/errors.ts';

/** The syntax tree of a CloudEvents SQL expression. */
export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'attribute'; readonly name: string }
  | { readonly kind: 'exists'; readonly name: string }
  | { readonly kind: 'unary'; readonly operator: 'NOT' | '-'; readonly operand: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | { readonly kind: 'like'; readonly value: Expression; readonly pattern: string; readonly negated: boolean }
  | { readonly kind: 'in'; readonly value: Expression; readonly set: readonly Expression[]; readonly negated: boolean }
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] };

export type BinaryOperator = (typeof LEVELS)[number][number];

// From what binds least to what binds most. The three logic operators share a level, as in the reference grammar.
const LEVELS = [
  ['AND', 'OR', 'XOR'],
  ['=', '!=', '<>', '<', '<=', '>', '>='],
  ['+', '-'],
  ['*', '/', '%'],
] as const;
const KEYWORDS = new Set(['AND', 'OR', 'XOR', 'NOT', 'LIKE', 'IN', 'EXISTS', 'TRUE', 'FALSE']);
const TOKEN =
  /\s*(?:('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")|([A-Za-z_]+[A-Za-z0-9_]*|\d+[A-Za-z][A-Za-z0-9]*)|(\d+)|(!=|<>|<=|>=|[=<>+\-*/%(),]))/y;
const MAX_DEPTH = 200;
const LOGIC_LEVEL = 0;
const LIKE_LEVEL = 4;

type Token = { readonly kind: 'string' | 'word' | 'integer' | 'symbol' | 'end'; readonly text: string };

/** Parses a CESQL 1.0 expression. @throws XorflowError `INVALID_MANIFEST`, naming `place`. */
export function parseCesql(source: string, place: string): Expression {
  return new Parser(source, place).parse();
}

class Parser {
  readonly #tokens: Token[] = [];
  readonly #source: string;
  readonly #place: string;
  #at = 0;
  #depth = 0;

  constructor(source: string, place: string) {
    this.#source = source;
    this.#place = place;
    const text = source.trim();
    for (TOKEN.lastIndex = 0; TOKEN.lastIndex < text.length; ) {
      const start = TOKEN.lastIndex;
      const match = TOKEN.exec(text);
      if (match === null) this.#fail(`unreadable at ${JSON.stringify(text.slice(start, start + 20))}`);
      const [, string, word, integer, symbol] = match;
      if (string !== undefined) this.#tokens.push({ kind: 'string', text: unquote(string) });
      else if (word !== undefined) this.#tokens.push({ kind: 'word', text: word });
      else if (integer !== undefined) this.#tokens.push({ kind: 'integer', text: integer });
      else this.#tokens.push({ kind: 'symbol', text: symbol ?? '' });
    }
  }

  parse(): Expression {
    const expression = this.#binary(LOGIC_LEVEL);
    const rest = this.#peek();
    if (rest.kind !== 'end') this.#fail(`unexpected ${JSON.stringify(rest.text)}`);
    return expression;
  }

  #binary(level: number): Expression {
    const operators: readonly string[] | undefined = LEVELS[level];
    if (operators === undefined) return this.#postfix();
    if (++this.#depth > MAX_DEPTH * (LIKE_LEVEL + 1)) this.#fail('nested too deeply');
    let left = this.#binary(level + 1);
    for (let operator = this.#operator(); operators.includes(operator); operator = this.#operator()) {
      this.#at++;
      // Logic operators associate to the right: `a OR b AND c` is `a OR (b AND c)`.
      const right = this.#binary(level === LOGIC_LEVEL ? level : level + 1);
      left = { kind: 'binary', operator: operator as BinaryOperator, left, right };
    }
    this.#depth--;
    return left;
  }

  #postfix(): Expression {
    let value = this.#prefix();
    for (;;) {
      const negated = this.#operator() === 'NOT' && ['LIKE', 'IN'].includes(this.#operator(1));
      const operator = this.#operator(negated ? 1 : 0);
      if (operator !== 'LIKE' && operator !== 'IN') return value;
      this.#at += negated ? 2 : 1;
      if (operator === 'IN') value = { kind: 'in', value, set: this.#list(1), negated };
      else value = { kind: 'like', value, pattern: this.#take('string'), negated };
    }
  }

  #prefix(): Expression {
    if (++this.#depth > MAX_DEPTH * (LIKE_LEVEL + 1)) this.#fail('nested too deeply');
    try {
      const operator = this.#operator();
      if (operator === 'NOT' || operator === '-') {
        this.#at++;
        return { kind: 'unary', operator, operand: this.#prefix() };
      }
      if (operator === 'EXISTS') {
        this.#at++;
        return { kind: 'exists', name: this.#attribute(this.#take('word')) };
      }
      return this.#atom();
    } finally {
      this.#depth--;
    }
  }

  #atom(): Expression {
    const token = this.#peek();
    this.#at++;
    if (token.kind === 'string') return { kind: 'literal', value: token.text };
    if (token.kind === 'integer') return this.#integer(token.text);
    if (token.kind === 'symbol' && token.text === '(') {
      const expression = this.#binary(LOGIC_LEVEL);
      this.#symbol(')');
      return expression;
    }
    const upper = token.text.toUpperCase();
    if (token.kind === 'word' && (upper === 'TRUE' || upper === 'FALSE'))
      return { kind: 'literal', value: upper === 'TRUE' };
    if (token.kind !== 'word' || KEYWORDS.has(upper)) this.#fail(`unexpected ${JSON.stringify(token.text || 'end')}`);
    if (this.#peek().text === '(') return { kind: 'call', name: upper, args: this.#list(0) };
    return { kind: 'attribute', name: this.#attribute(token.text) };
  }

  #integer(text: string): Expression {
    // 2147483648 is legal behind a minus only.
    const isNegative = this.#tokens[this.#at - 2]?.text === '-';
    if (Number(text) > 2_147_483_647 + (isNegative ? 1 : 0)) this.#fail(`${text} does not fit in 32 bits`);
    return { kind: 'literal', value: Number(text) };
  }

  #list(least: number): Expression[] {
    const items: Expression[] = [];
    this.#symbol('(');
    while (items.length < least || this.#peek().text !== ')') {
      if (items.length > 0) this.#symbol(',');
      items.push(this.#binary(LOGIC_LEVEL));
    }
    this.#symbol(')');
    return items;
  }

  #attribute(name: string): string {
    if (!/^[a-z0-9]+$/.test(name)) this.#fail(`${JSON.stringify(name)} is no attribute name of letters a-z and digits`);
    return name;
  }

  #peek(ahead = 0): Token {
    return this.#tokens[this.#at + ahead] ?? { kind: 'end', text: '' };
  }

  #operator(ahead = 0): string {
    const token = this.#peek(ahead);
    if (token.kind === 'symbol') return token.text;
    return token.kind === 'word' ? token.text.toUpperCase() : '';
  }

  #take(kind: Token['kind']): string {
    const token = this.#peek();
    if (token.kind !== kind) this.#fail(`expected a ${kind} instead of ${JSON.stringify(token.text || 'end')}`);
    this.#at++;
    return token.text;
  }

  #symbol(text: string): void {
    const token = this.#peek();
    if (token.kind !== 'symbol' || token.text !== text)
      this.#fail(`expected ${text} instead of ${JSON.stringify(token.text || 'end')}`);
    this.#at++;
  }

  #fail(reason: string): never {
    const message = `Invalid expression ${JSON.stringify(this.#source)} at ${this.#place}: expected CESQL, ${reason}`;
    throw new XorflowError('INVALID_MANIFEST', message);
  }
}

// Only the quote itself is escaped in a literal; `\%` and `\_` keep their backslash for LIKE.
function unquote(literal: string): string {
  const quote = literal.charAt(0);
  return literal.slice(1, -1).replaceAll(`\\${quote}`, quote);
}
