import { ACTIVATION, HIDDEN, RATE, type Suites } from './fixture.ts';

export const PARAMETER_CASES: Suites = {
  parameters: [
    ['none', { 'spec/parameters': [] }, 'Wrong value [] at spec.parameters: expected at least one parameter'],
    [
      'an unknown type',
      { 'spec/parameters/1/parameterType': 'float' },
      'Wrong value "float" at spec.parameters.1.parameterType: expected one of "double", "int", "discrete", "categorical"',
    ],
    [
      'a name twice',
      { 'spec/parameters/2/name': 'hidden' },
      'Wrong value "hidden" at spec.parameters.2.name: expected every name once',
      `Wrong value "layers" at spec.trialTemplate.trialParameters.2.reference: expected one of learning_rate, hidden, hidden, activation, optimizer, batch_size, or \${trialSpec.Name}, Namespace, Kind, APIVersion, Labels[key] or Annotations[key]`,
    ],
    [
      'a bound that is a number',
      { [`${RATE}/min`]: 0.1 },
      'Wrong value 0.1 at spec.parameters.0.feasibleSpace.min: expected a string such as "0.1"',
    ],
    [
      'a step that is a number',
      { [`${HIDDEN}/step`]: 2 },
      'Wrong value 2 at spec.parameters.1.feasibleSpace.step: expected a string such as "2"',
    ],
    [
      'a list of numbers',
      { [`${ACTIVATION}/list/1`]: 3 },
      'Wrong value 3 at spec.parameters.3.feasibleSpace.list.1: expected a string such as "3"',
    ],
    [
      'no lower bound',
      { [`${RATE}/min`]: undefined },
      'Missing value at spec.parameters.0.feasibleSpace.min: expected a number in quotes',
    ],
    [
      'no upper bound',
      { [`${HIDDEN}/max`]: undefined },
      'Missing value at spec.parameters.1.feasibleSpace.max: expected an integer in quotes',
    ],
    [
      'a bound that is no number',
      { [`${RATE}/max`]: 'NaN' },
      'Wrong value "NaN" at spec.parameters.0.feasibleSpace.max: expected a number',
    ],
    [
      'an int with a fraction',
      { [`${HIDDEN}/max`]: '3.5' },
      'Wrong value "3.5" at spec.parameters.1.feasibleSpace.max: expected an integer',
    ],
    [
      'an int with an exponent, which Python does not read',
      { [`${HIDDEN}/max`]: '1e1' },
      'Wrong value "1e1" at spec.parameters.1.feasibleSpace.max: expected an integer',
    ],
    [
      'bounds the wrong way round',
      { [`${HIDDEN}/max`]: '2' },
      'Wrong value "2" at spec.parameters.1.feasibleSpace.max: expected more than min, 2',
    ],
    [
      'a step of nothing',
      { [`${HIDDEN}/step`]: '0' },
      'Wrong value "0" at spec.parameters.1.feasibleSpace.step: expected more than 0',
    ],
    [
      'a step over the bounds',
      { [`${HIDDEN}/step`]: '31' },
      'Wrong value "31" at spec.parameters.1.feasibleSpace.step: expected at most max - min, 30',
    ],
    [
      'a step of an int with a fraction',
      { [`${HIDDEN}/step`]: '0.5' },
      'Wrong value "0.5" at spec.parameters.1.feasibleSpace.step: expected an integer',
    ],
    [
      'the logarithm of nothing',
      { [`${RATE}/min`]: '0' },
      'Wrong value "0" at spec.parameters.0.feasibleSpace.min: expected more than 0 for logUniform',
    ],
    [
      'an unknown distribution',
      { [`${RATE}/distribution`]: 'log' },
      'Wrong value "log" at spec.parameters.0.feasibleSpace.distribution: expected one of "uniform", "logUniform", "normal", "logNormal"',
    ],
    [
      'a list for a double',
      { [`${RATE}/list`]: ['0.1'] },
      'Wrong value ["0.1"] at spec.parameters.0.feasibleSpace.list: expected none: double has min and max',
    ],
    [
      'bounds for a list',
      { [`${ACTIVATION}/min`]: '1', [`${ACTIVATION}/step`]: '1' },
      'Wrong value "1" at spec.parameters.3.feasibleSpace.min: expected none: categorical has a list',
      'Wrong value "1" at spec.parameters.3.feasibleSpace.step: expected none: categorical has a list',
    ],
    [
      'a distribution for a list',
      { [`${ACTIVATION}/distribution`]: 'normal' },
      'Wrong value "normal" at spec.parameters.3.feasibleSpace.distribution: expected uniform: categorical has a list',
    ],
    [
      'an empty list, which Katib lets pass',
      { [`${ACTIVATION}/list`]: [] },
      'Missing value at spec.parameters.3.feasibleSpace.list: expected at least one value',
    ],
    [
      'a value twice',
      { [`${ACTIVATION}/list/1`]: 'relu' },
      'Wrong value "relu" at spec.parameters.3.feasibleSpace.list.1: expected every value once',
    ],
    [
      'a number twice, however it is written',
      { 'spec/parameters/3/parameterType': 'discrete', [`${ACTIVATION}/list`]: ['1', '1.0'] },
      'Wrong value "1.0" at spec.parameters.3.feasibleSpace.list.1: expected every value once',
    ],
    [
      'a word in a list of numbers',
      { 'spec/parameters/3/parameterType': 'discrete', [`${ACTIVATION}/list`]: ['1', 'two'] },
      'Wrong value "two" at spec.parameters.3.feasibleSpace.list.1: expected a number',
    ],
    [
      'a value that would break the JSON',
      { [`${ACTIVATION}/list/1`]: 'a"b' },
      'Wrong value "a\\"b" at spec.parameters.3.feasibleSpace.list.1: expected no quote, backslash, $ or control character: Katib puts it into JSON as it is',
    ],
    [
      'a value of nothing',
      { [`${ACTIVATION}/list/1`]: '' },
      'Wrong value "" at spec.parameters.3.feasibleSpace.list.1: expected 1 to 256 characters',
    ],
    [
      'a value that the program of the trial does not take',
      { [`${ACTIVATION}/list/1`]: 'softmax' },
      'Wrong value "softmax" in HP_ACTIVATION: expected one of "relu", "tanh", "sigmoid"',
    ],
    [
      'a bound that the program of the trial does not take',
      { [`${HIDDEN}/max`]: '2000' },
      'Wrong value 2000 in HP_HIDDEN: expected an integer from 1 to 1024',
    ],
  ],
};
