import { specSchema } from '../events/spec.ts';
import type { Parameter } from './ir.ts';

const { dataset, training } = specSchema.parse({});

/** The name of a Kubernetes service that every cluster with our manifests has, where nobody chose another namespace. */
const GATEWAY = 'http://gateway.xorflow.svc.cluster.local';

/** The width of the hidden layer of the default experiment. */
const SIZE_HIDDEN = 16;

function optional(parameterType: Parameter['parameterType'], defaultValue: unknown, description: string): Parameter {
  return { parameterType, defaultValue, isOptional: true, description };
}

/**
 * What a person may fill in for a run; the names are those of the course. A value that is the default counts as not
 * given: there the preset, where one is named, decides.
 */
export const PARAMETERS = {
  dims: optional('NUMBER_INTEGER', dataset.dims, 'Dimensions n of the XOR problem, 2 to 64.'),
  train_size: optional('NUMBER_INTEGER', dataset.trainSize, 'Points to train on.'),
  test_size: optional('NUMBER_INTEGER', dataset.testSize, 'Points that the models are compared on.'),
  size_hidden: optional('NUMBER_INTEGER', SIZE_HIDDEN, 'Units of each hidden layer, where models does not say.'),
  epochs: optional('NUMBER_INTEGER', training.epochs, 'Passes over the training points.'),
  learning_rate: optional('NUMBER_DOUBLE', training.learningRate, 'Step size of the optimizer.'),
  seed: optional('NUMBER_INTEGER', training.seed, 'Seed of the data and of the weights.'),
  models: optional(
    'LIST',
    [],
    'Any number of models instead of the usual two: a list of objects with name and hidden, the widths of its hidden layers.',
  ),
  preset: optional('STRING', '', 'A named starting point: course is the published run.'),
  experiment: optional(
    'STRING',
    '',
    'The id of an experiment that exists already: the run shows it, and the other parameters mean nothing.',
  ),
  gateway: optional('STRING', GATEWAY, 'Address of the gateway of xorflow.'),
} as const satisfies Record<string, Parameter>;

export type ParameterName = keyof typeof PARAMETERS;
