import { XorflowError } from '../../events/errors.ts';
import { quoteValue } from '../../events/issues.ts';
import type { Search } from '../algorithms/algorithm.ts';
import { toParameter } from '../experiment/search.ts';
import { MEMORY } from './memory.ts';
import { toRaw } from './raw.ts';
import type { ExperimentMessage, ParameterMessage } from './wire.ts';

/** What is asked for: by which algorithm, for what, and which of a trial's metrics is its value. */
export interface Inquiry {
  readonly experiment: string;
  /** As katib-config calls it. */
  readonly algorithm: string;
  readonly metric: string;
  readonly search: Search;
}

/** Katib's own default, for a client that does not fill in its defaults. */
const PARALLEL_TRIALS = 3;

/**
 * Reads the Experiment of a request.
 *
 * @throws XorflowError `INVALID_ARGUMENT` naming the value, where it stands and what is allowed
 */
export function toInquiry(experiment: ExperimentMessage | null): Inquiry {
  const spec = experiment?.spec;
  if (!experiment || !spec) throw wrong('Missing spec: expected an Experiment');
  if (experiment.name === '') throw wrong('Wrong value "" at metadata.name: expected a name');
  const { objective, algorithm, parallelTrialCount, maxTrialCount } = spec;
  if (!algorithm?.algorithmName) throw wrong('Missing spec.algorithm.algorithmName: expected the name of an algorithm');
  if (objective?.type !== 'MINIMIZE' && objective?.type !== 'MAXIMIZE') {
    throw wrong(`Wrong value ${quoteValue(objective?.type)} at spec.objective.type: expected minimize or maximize`);
  }
  if (objective.objectiveMetricName === '')
    throw wrong('Missing spec.objective.objectiveMetricName: expected a metric');
  return {
    experiment: experiment.name,
    algorithm: algorithm.algorithmName,
    metric: objective.objectiveMetricName,
    search: {
      objective: objective.type === 'MINIMIZE' ? 'minimize' : 'maximize',
      parameters: parametersOf(spec.parameterSpecs?.parameters ?? []),
      settings: Object.fromEntries(
        algorithm.algorithmSettings.flatMap(({ name, value }) => (name === MEMORY ? [] : [[name, value]])),
      ),
      parallelTrialCount: parallelTrialCount > 0 ? parallelTrialCount : PARALLEL_TRIALS,
      maxTrialCount: maxTrialCount > 0 ? maxTrialCount : undefined,
    },
  };
}

function parametersOf(messages: readonly ParameterMessage[]): Search['parameters'] {
  if (messages.length === 0) throw wrong('Wrong value [] at spec.parameters: expected one parameter or more');
  const twice = messages.find(({ name }, index) => messages.findIndex((other) => other.name === name) !== index);
  if (twice) throw wrong(`Wrong value ${quoteValue(twice.name)} at spec.parameters: expected each name once`);
  return messages.map((message) => toParameter(toRaw(message)));
}

function wrong(message: string): XorflowError {
  return new XorflowError('INVALID_ARGUMENT', message);
}
