import { XorflowError } from '../../events/errors.ts';
import type { Distribution, Parameter, Search } from '../algorithms/algorithm.ts';
import { problemsOfParameter, type RawParameter } from './feasible-space.ts';
import type { ExperimentSpec } from './schema.ts';

/**
 * A parameter with its numbers read, from an Experiment or from a message of Katib's, in which what is not said is empty.
 *
 * @throws XorflowError `INVALID_MANIFEST` with the parameter's name, and a sentence for each thing wrong with it
 */
export function toParameter(raw: RawParameter): Parameter {
  const problems = problemsOfParameter(raw, `spec.parameters.${raw.name}`);
  if (problems.length > 0) throw new XorflowError('INVALID_MANIFEST', problems.join('\n'));
  const { name, parameterType: type, feasibleSpace: space } = raw;
  if (type === 'discrete' || type === 'categorical') return { name, type, list: space.list ?? [] };
  return {
    name,
    type: type === 'int' ? 'int' : 'double',
    min: Number(space.min),
    max: Number(space.max),
    ...(space.step && { step: Number(space.step) }),
    distribution: (space.distribution || 'uniform') as Distribution,
  };
}

/**
 * What an algorithm is to know of an Experiment.
 *
 * @throws XorflowError `INVALID_MANIFEST` for a parameter that says nothing or the wrong
 */
export function toSearch({
  objective,
  algorithm,
  parameters,
  parallelTrialCount,
  maxTrialCount,
}: ExperimentSpec): Search {
  return {
    objective: objective.type,
    parameters: parameters.map(toParameter),
    settings: Object.fromEntries(algorithm.algorithmSettings.map(({ name, value }) => [name, value])),
    parallelTrialCount,
    maxTrialCount,
  };
}
