import { XorflowError } from '../../events/errors.ts';
import { quoteValue } from '../../events/issues.ts';
import { DISTRIBUTIONS, type ListParameter, type NumericParameter, type Parameter } from '../algorithms/algorithm.ts';
import { numberOf } from './number.ts';
import type { RawParameter } from './raw.ts';

type Space = RawParameter['feasibleSpace'];

/**
 * A parameter with its numbers read.
 *
 * @throws XorflowError `INVALID_ARGUMENT` naming the value, where it stands and what is allowed
 */
export function toParameter({ name, parameterType, feasibleSpace }: RawParameter): Parameter {
  switch (parameterType) {
    case 'double':
    case 'int':
      return toNumeric(name, parameterType, feasibleSpace);
    case 'discrete':
    case 'categorical':
      return toList(name, parameterType, feasibleSpace);
    default:
      throw wrong(parameterType, name, 'parameterType', 'expected one of double, int, discrete, categorical');
  }
}

function toNumeric(name: string, type: 'double' | 'int', space: Space): NumericParameter {
  const rule = type === 'int' ? 'expected an integer' : 'expected a number';
  const read = (field: 'min' | 'max' | 'step') => {
    const value = numberOf(space[field]);
    if (value !== undefined && (type === 'double' || Number.isSafeInteger(value))) return value;
    throw wrong(space[field], name, `feasibleSpace.${field}`, rule);
  };
  const min = read('min');
  const max = read('max');
  if (min >= max) throw wrong(space.max, name, 'feasibleSpace.max', `expected more than min, which is ${space.min}`);
  const distribution = DISTRIBUTIONS.find((one) => one === (space.distribution || 'uniform'));
  if (distribution === undefined) {
    const known = `expected one of ${DISTRIBUTIONS.join(', ')}`;
    throw wrong(space.distribution, name, 'feasibleSpace.distribution', known);
  }
  if (distribution.startsWith('log') && min <= 0) {
    throw wrong(space.min, name, 'feasibleSpace.min', `expected more than 0 for distribution ${distribution}`);
  }
  if (space.step === '') return { name, type, min, max, distribution };
  const step = read('step');
  if (step <= 0) throw wrong(space.step, name, 'feasibleSpace.step', 'expected more than 0');
  return { name, type, min, max, step, distribution };
}

function toList(name: string, type: ListParameter['type'], { list }: Space): ListParameter {
  if (list.length === 0) throw wrong(list, name, 'feasibleSpace.list', 'expected one value or more');
  const odd = type === 'discrete' ? list.find((value) => numberOf(value) === undefined) : undefined;
  if (odd !== undefined) throw wrong(odd, name, 'feasibleSpace.list', 'expected numbers');
  return { name, type, list };
}

function wrong(value: unknown, name: string, field: string, rule: string): XorflowError {
  return new XorflowError(
    'INVALID_ARGUMENT',
    `Wrong value ${quoteValue(value)} at spec.parameters.${name}.${field}: ${rule}`,
  );
}
