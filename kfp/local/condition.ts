import { XorflowError } from '../../events/errors.ts';

const FORM = /^int\(inputs\.parameter_values\['([^']+)'\]\) (==|!=|<=|>=|<|>) (-?\d+)$/;

const OPERATORS: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<=': (a, b) => a <= b,
  '>=': (a, b) => a >= b,
  '<': (a, b) => a < b,
  '>': (a, b) => a > b,
};

/**
 * Decides a condition on an integer input, the form that the SDK makes of `dims == 2`; any other is refused, never guessed.
 *
 * @throws XorflowError `INVALID_MANIFEST` for another form, or an input that is not there
 */
export function decide(condition: string, inputs: Readonly<Record<string, unknown>>): boolean {
  const [, name = '', operator = '', right] = FORM.exec(condition) ?? [];
  const compare = OPERATORS[operator];
  if (!compare) {
    const form = "int(inputs.parameter_values['name']) == 2";
    throw new XorflowError(
      'INVALID_MANIFEST',
      `Condition ${JSON.stringify(condition)}: not supported locally; expected the form ${form}`,
    );
  }
  if (typeof inputs[name] !== 'number') {
    throw new XorflowError(
      'INVALID_MANIFEST',
      `Condition ${JSON.stringify(condition)}: no such key ${name} among its task's inputs`,
    );
  }
  return compare(Math.trunc(inputs[name]), Number(right));
}
