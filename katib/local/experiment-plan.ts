import { XorflowError } from '../../events/errors.ts';
import { quoteValue } from '../../events/issues.ts';
import { METRICS, type MetricName } from '../../events/search.ts';
import { algorithmOf } from '../algorithms/registry.ts';
import { type LoadedExperiment, loadExperiment } from '../experiment/load.ts';
import { toSearch } from '../experiment/search.ts';
import { renderTrial } from '../experiment/template.ts';
import { requestOf } from '../trial/request.ts';
import type { Plan } from './plan.ts';

/** The program that a trial's container runs; on one machine the tuner does its work. */
const PROGRAM = ['node', 'katib/trial.ts'];

/**
 * Reads a Katib Experiment as a plan for this machine.
 *
 * @param name instead of the one in the file
 * @throws XorflowError `NOT_FOUND`, `INVALID_MANIFEST` with a line for each problem
 */
export async function loadPlan(file: string, name?: string): Promise<Plan> {
  const loaded = await loadExperiment(file, algorithmOf);
  const problems = problemsOf(loaded);
  if (problems.length > 0) {
    throw new XorflowError('INVALID_MANIFEST', problems.map((problem) => `${file}: ${problem}`).join('\n'));
  }
  return planOf(loaded, name);
}

/** What is right for Katib, and would be something else than what the functions of the chain do. */
function* metricProblems({ experiment: { spec } }: LoadedExperiment): Generator<string> {
  const { objectiveMetricName, additionalMetricNames } = spec.objective;
  const places = [
    ['spec.objective.objectiveMetricName', objectiveMetricName] as const,
    ...additionalMetricNames.map((name, index) => [`spec.objective.additionalMetricNames.${index}`, name] as const),
  ];
  for (const [place, name] of places) {
    if (METRICS.some((metric) => metric === name)) continue;
    yield `Wrong value ${quoteValue(name)} at ${place}: no trial prints it, expected one of ${METRICS.join(', ')}`;
  }
}

function problemsOf(loaded: LoadedExperiment): string[] {
  const { spec, metadata } = loaded.experiment;
  const place = 'spec.trialTemplate.trialSpec.spec.template.spec.containers';
  const { primaryContainerName: primary, trialSpec } = spec.trialTemplate;
  const container = trialSpec.spec.template.spec.containers.find(({ name }) => name === primary);
  const command = [...(container?.command ?? []), ...(container?.args ?? [])];
  const problems = [...metricProblems(loaded)];
  if (command.join(' ') !== PROGRAM.join(' ')) {
    problems.push(
      `${place} ${primary} command ${JSON.stringify(command)}: not supported locally; expected ${JSON.stringify(PROGRAM)}`,
    );
  }
  if (problems.length > 0) return problems;
  // The first values of all parameters: what is wrong in the rest of the environment is wrong in every trial.
  const assignments = Object.fromEntries(
    spec.parameters.map(({ name, feasibleSpace: { list, min } }) => [name, list?.[0] ?? min ?? '']),
  );
  try {
    const { env } = renderTrial(loaded.experiment, { name: `${metadata.name}-trial`, assignments });
    const { objective } = requestOf(env);
    const { type, objectiveMetricName: metric } = spec.objective;
    if (objective.metric !== metric || objective.type !== type) {
      problems.push(
        `${place} ${primary} env XORFLOW_OBJECTIVE: a trial would be judged by ${objective.metric} (${objective.type}), expected ${metric} (${type}), as spec.objective says`,
      );
    }
  } catch (error) {
    if (!(error instanceof XorflowError)) throw error;
    problems.push(`${place} ${primary} env: ${error.message}`);
  }
  return problems;
}

function planOf(loaded: LoadedExperiment, name: string | undefined): Plan {
  const given = loaded.experiment;
  const experiment = name === undefined ? given : { ...given, metadata: { ...given.metadata, name } };
  const { spec, metadata } = experiment;
  const { objective } = spec;
  const strategyOf = (metric: string) =>
    objective.metricStrategies.find((strategy) => strategy.name === metric)?.value ?? 'latest';
  const algorithm = algorithmOf(spec.algorithm.algorithmName);
  if (!algorithm) throw new XorflowError('INVALID_MANIFEST', `No algorithm ${spec.algorithm.algorithmName}`);
  return {
    name: metadata.name,
    spec: loaded.rawSpec,
    objective: { metric: objective.objectiveMetricName as MetricName, type: objective.type, goal: objective.goal },
    strategies: [objective.objectiveMetricName, ...objective.additionalMetricNames].map((metric) => ({
      name: metric,
      value: strategyOf(metric),
    })),
    limits: spec,
    resumePolicy: spec.resumePolicy,
    algorithm,
    search: toSearch(spec),
    medianStop:
      spec.earlyStopping &&
      Object.fromEntries(spec.earlyStopping.algorithmSettings.map((setting) => [setting.name, setting.value])),
    requestOf(trial, assignments) {
      const { env, deadlineSeconds } = renderTrial(experiment, { name: trial, assignments });
      const request = requestOf(env);
      return { ...request, assignments, deadlineMs: Math.min(request.deadlineMs, 1000 * deadlineSeconds) };
    },
  };
}
