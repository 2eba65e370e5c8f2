import { XorflowError } from '../../events/errors.ts';
import { quoteValue } from '../../events/issues.ts';
import type { Parameter } from './schema.ts';

const CHECKS: Readonly<Record<Parameter['parameterType'], (value: unknown) => boolean>> = {
  NUMBER_DOUBLE: (value) => typeof value === 'number',
  NUMBER_INTEGER: (value) => Number.isInteger(value),
  STRING: (value) => typeof value === 'string',
  BOOLEAN: (value) => typeof value === 'boolean',
  LIST: Array.isArray,
  STRUCT: (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  TASK_FINAL_STATUS: (value) => typeof value === 'object' && value !== null,
};

/**
 * Fills in defaults and checks types, as the backend does.
 *
 * @param isStrict whether a value that nobody declared is refused: of a run it is, a task's would be a fault of the pipeline
 * @throws XorflowError `INVALID_ARGUMENT` naming the parameter, the value and what is allowed
 */
export function settle(
  declared: Readonly<Record<string, Parameter>>,
  given: Readonly<Record<string, unknown>>,
  isStrict = false,
): Record<string, unknown> {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(declared, name));
  if (isStrict && unknown !== undefined) {
    const names = Object.keys(declared).join(', ');
    throw new XorflowError(
      'INVALID_ARGUMENT',
      `Unknown parameter ${JSON.stringify(unknown)}: expected one of ${names}`,
    );
  }
  const values: Record<string, unknown> = {};
  for (const [name, { parameterType, defaultValue, isOptional }] of Object.entries(declared)) {
    const value = given[name] ?? defaultValue;
    if (value === undefined) {
      if (isOptional) continue;
      throw new XorflowError('INVALID_ARGUMENT', `Missing parameter ${name}: expected ${parameterType}`);
    }
    // A text where numbers are made of texts: what takes a STRING takes everything.
    const settled = parameterType === 'STRING' && typeof value !== 'string' ? JSON.stringify(value) : value;
    if (!CHECKS[parameterType](settled)) {
      throw new XorflowError(
        'INVALID_ARGUMENT',
        `Wrong value ${quoteValue(value)} at ${name}: expected ${parameterType}`,
      );
    }
    values[name] = settled;
  }
  return values;
}
