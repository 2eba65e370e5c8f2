import type { RawParameter } from '../experiment/feasible-space.ts';
import type { ParameterMessage } from './wire.ts';

const TYPES: Readonly<Record<string, string>> = {
  DOUBLE: 'double',
  INT: 'int',
  DISCRETE: 'discrete',
  CATEGORICAL: 'categorical',
};

const DISTRIBUTIONS: Readonly<Record<string, string>> = {
  DISTRIBUTION_UNSPECIFIED: '',
  UNIFORM: 'uniform',
  LOG_UNIFORM: 'logUniform',
  NORMAL: 'normal',
  LOG_NORMAL: 'logNormal',
};

/** A message in the words of the manifest that it was made of. */
export function toRaw({ name, parameterType, feasibleSpace }: ParameterMessage): RawParameter {
  const { min = '', max = '', step = '', list = [], distribution = '' } = feasibleSpace ?? {};
  return {
    name,
    parameterType: TYPES[parameterType] ?? 'unknown',
    feasibleSpace: { min, max, step, list, distribution: DISTRIBUTIONS[distribution] ?? distribution },
  };
}
