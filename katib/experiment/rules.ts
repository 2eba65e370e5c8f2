import { ALGORITHMS, algorithmOf } from '../algorithms/registry.ts';
import { problemsOfEarlyStopping } from './early-stopping.ts';
import { problemsOfParameter } from './feasible-space.ts';
import { katibOnly } from './katib-only.ts';
import { problemsOfMetrics } from './metrics.ts';
import { problemsOfPlaceholders } from './placeholders.ts';
import { problemsOfProgram } from './program.ts';
import type { Experiment, ExperimentSpec } from './schema.ts';
import { toSearch } from './search.ts';
import { wrongValue } from './sentence.ts';

/** What is wrong with an Experiment whose fields are all right one by one; a sentence each. */
export function problemsOf(experiment: Experiment): string[] {
  const { spec } = experiment;
  const problems = [
    ...problemsOfMetrics(spec.objective),
    ...problemsOfEarlyStopping(spec),
    ...problemsOfCounts(spec),
    ...problemsOfParameters(spec),
    ...problemsOfPlaceholders(spec),
    ...problemsOfContainer(spec),
  ];
  const algorithm = algorithmOf(spec.algorithm.algorithmName);
  if (algorithm === undefined) problems.push(unknownAlgorithm(spec.algorithm.algorithmName));
  problems.push(...problemsOfSettings(spec));
  // What follows takes the rest for granted.
  if (problems.length > 0) return problems;
  return [...(algorithm?.validate(toSearch(spec)) ?? []), ...problemsOfProgram(experiment)];
}

function unknownAlgorithm(name: string): string {
  const path = 'spec.algorithm.algorithmName';
  return katibOnly(path, name) ?? wrongValue(name, path, `one of ${Object.keys(ALGORITHMS).join(', ')}`);
}

function problemsOfSettings({ algorithm }: ExperimentSpec): string[] {
  const names = algorithm.algorithmSettings.map(({ name }) => name);
  return names.flatMap((name, index) =>
    names.indexOf(name) === index
      ? []
      : [wrongValue(name, `spec.algorithm.algorithmSettings.${index}.name`, 'every setting once')],
  );
}

function problemsOfCounts({ parallelTrialCount, maxFailedTrialCount, maxTrialCount }: ExperimentSpec): string[] {
  return Object.entries({ parallelTrialCount, maxFailedTrialCount }).flatMap(([field, count = 0]) =>
    count <= maxTrialCount ? [] : [wrongValue(count, `spec.${field}`, `at most maxTrialCount, ${maxTrialCount}`)],
  );
}

function problemsOfParameters({ parameters }: ExperimentSpec): string[] {
  return parameters.flatMap((parameter, index) => {
    const path = `spec.parameters.${index}`;
    const isTwin = parameters.findIndex(({ name }) => name === parameter.name) < index;
    return [
      ...(isTwin ? [wrongValue(parameter.name, `${path}.name`, 'every name once')] : []),
      ...problemsOfParameter(parameter, path),
    ];
  });
}

function problemsOfContainer({
  trialTemplate: { primaryContainerName: primary, trialSpec },
}: ExperimentSpec): string[] {
  const names = trialSpec.spec.template.spec.containers.map(({ name }) => name);
  if (names.includes(primary)) return [];
  return [
    wrongValue(primary, 'spec.trialTemplate.primaryContainerName', `the name of a container, ${names.join(', ')}`),
  ];
}
