import { XorflowError } from '../../events/errors.ts';
import { CesqlError, cast, FUNCTIONS, type Value } from './cesql-functions.ts';
import { type Expression, parseCesql } from './cesql-syntax.ts';

type Attributes = Readonly<Record<string, string>>;
type Evaluate = (attributes: Attributes) => Value;

/**
 * Compiles a CloudEvents SQL 1.0 expression into a predicate. An error while evaluating, a missing attribute among them,
 * is no match, as is a result that is no Boolean.
 * @throws XorflowError `INVALID_MANIFEST` if the expression cannot be parsed or calls an unknown function.
 */
export function compileCesql(source: string, place: string): (attributes: Attributes) => boolean {
  const evaluate = compile(parseCesql(source, place), place);
  return (attributes) => {
    try {
      return evaluate(attributes) === true;
    } catch (error) {
      if (error instanceof CesqlError) return false;
      throw error;
    }
  };
}

/** Evaluates an expression to its value. @throws CesqlError where the language has an error. */
export function evaluateCesql(source: string, attributes: Attributes): Value {
  return compile(parseCesql(source, 'cesql'), 'cesql')(attributes);
}

function compile(expression: Expression, place: string): Evaluate {
  switch (expression.kind) {
    case 'literal':
      return () => expression.value;
    case 'attribute':
      return (attributes) => {
        if (Object.hasOwn(attributes, expression.name)) return attributes[expression.name] ?? '';
        throw new CesqlError(`missing attribute ${expression.name}`);
      };
    case 'exists':
      return (attributes) => Object.hasOwn(attributes, expression.name);
    case 'unary': {
      const operand = compile(expression.operand, place);
      if (expression.operator === 'NOT') return (attributes) => !cast(operand(attributes), 'boolean');
      return (attributes) => integer(-cast(operand(attributes), 'number'));
    }
    case 'like': {
      const value = compile(expression.value, place);
      const matches = compileLike(expression.pattern);
      return (attributes) => matches(cast(value(attributes), 'string')) !== expression.negated;
    }
    case 'in': {
      const value = compile(expression.value, place);
      const set = expression.set.map((item) => compile(item, place));
      return (attributes) => {
        const wanted = value(attributes);
        return set.some((item) => castLike(item(attributes), wanted) === wanted) !== expression.negated;
      };
    }
    case 'call':
      return compileCall(expression.name, expression.args, place);
    case 'binary':
      return compileBinary(expression, place);
  }
}

function compileBinary(expression: Expression & { kind: 'binary' }, place: string): Evaluate {
  const left = compile(expression.left, place);
  const right = compile(expression.right, place);
  const bool = (value: Evaluate) => (attributes: Attributes) => cast(value(attributes), 'boolean');
  const compare = (test: (x: number, y: number) => boolean): Evaluate => {
    return (attributes) => test(cast(left(attributes), 'number'), cast(right(attributes), 'number'));
  };
  const calculate = (result: (x: number, y: number) => number): Evaluate => {
    return (attributes) => integer(result(cast(left(attributes), 'number'), cast(right(attributes), 'number')));
  };
  // `=` exists for each type: the right operand's decides, so `n = 5` reads the attribute as an integer.
  const equals = (attributes: Attributes) => {
    const [x, y] = [left(attributes), right(attributes)];
    return castLike(x, y) === y;
  };
  switch (expression.operator) {
    case 'AND':
      return (attributes) => bool(left)(attributes) && bool(right)(attributes);
    case 'OR':
      return (attributes) => bool(left)(attributes) || bool(right)(attributes);
    case 'XOR':
      return (attributes) => bool(left)(attributes) !== bool(right)(attributes);
    case '=':
      return equals;
    case '!=':
    case '<>':
      return (attributes) => !equals(attributes);
    case '<':
      return compare((x, y) => x < y);
    case '<=':
      return compare((x, y) => x <= y);
    case '>':
      return compare((x, y) => x > y);
    case '>=':
      return compare((x, y) => x >= y);
    case '+':
      return calculate((x, y) => x + y);
    case '-':
      return calculate((x, y) => x - y);
    case '*':
      return calculate((x, y) => x * y);
    case '/':
      return calculate((x, y) => Math.trunc(x / nonZero(y)));
    case '%':
      return calculate((x, y) => x % nonZero(y));
  }
}

function compileCall(name: string, args: readonly Expression[], place: string): Evaluate {
  const overload = FUNCTIONS[name]?.find(({ types, variadic }) =>
    variadic === undefined ? types.length === args.length : args.length >= types.length,
  );
  if (overload === undefined) {
    const message = `Unknown function ${name} with ${args.length} argument(s) at ${place}: expected one of ${Object.keys(FUNCTIONS).join(', ')}`;
    throw new XorflowError('INVALID_MANIFEST', message);
  }
  const compiled = args.map((arg) => compile(arg, place));
  const { types, variadic, apply } = overload;
  return (attributes) =>
    apply(...compiled.map((arg, index) => castTo(arg(attributes), types[index] ?? variadic ?? 'any')));
}

function castTo(value: Value, type: 'string' | 'number' | 'boolean' | 'any'): Value {
  return type === 'any' ? value : cast(value, type);
}

function castLike(value: Value, model: Value): Value {
  return cast(value, typeof model as 'string' | 'number' | 'boolean');
}

// `%` is any text, `_` any character. Greedy with one point of return: no pattern takes more than length x length steps.
function compileLike(pattern: string): (text: string) => boolean {
  const parts = [...pattern.matchAll(/\\([%_])|([%_])|(.)/gs)].map(([, escaped, wild, plain]) => ({
    wild,
    char: escaped ?? plain,
  }));
  return (text) => {
    let [at, part, star, from] = [0, 0, -1, 0];
    while (at < text.length) {
      const current = parts[part];
      if (current?.wild === '%') {
        star = part++;
        from = at;
      } else if (current !== undefined && (current.wild === '_' || current.char === text[at])) {
        part++;
        at++;
      } else if (star >= 0) {
        part = star + 1;
        at = ++from;
      } else return false;
    }
    return parts.slice(part).every(({ wild }) => wild === '%');
  };
}

function integer(value: number): number {
  if ((value | 0) === value) return value | 0;
  throw new CesqlError(`${value} does not fit in 32 bits`);
}

function nonZero(value: number): number {
  if (value === 0) throw new CesqlError('division by zero');
  return value;
}
