import { XorflowError } from '../../events/errors.ts';
import type { MetricName } from '../../events/search.ts';
import { algorithmOf } from '../algorithms/registry.ts';
import { toEarlyStopping } from '../experiment/early-stopping.ts';
import { type LoadedExperiment, loadExperiment } from '../experiment/load.ts';
import { toSearch } from '../experiment/search.ts';
import { renderTrial } from '../experiment/template.ts';
import { requestOf } from '../trial/request.ts';
import { filtersOf } from './filters.ts';
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
  const loaded = await loadExperiment(file);
  assertProgram(file, loaded);
  assertFilters(file, loaded);
  return planOf(loaded, name);
}

/** @throws XorflowError `INVALID_MANIFEST` for a program that is not the chain's own, which only Katib can run */
function assertProgram(file: string, { experiment: { spec } }: LoadedExperiment): void {
  const { primaryContainerName: primary, trialSpec } = spec.trialTemplate;
  const place = `spec.trialTemplate.trialSpec.spec.template.spec.containers ${primary}`;
  const container = trialSpec.spec.template.spec.containers.find(({ name }) => name === primary);
  const command = [...(container?.command ?? []), ...(container?.args ?? [])];
  if (command.join(' ') === PROGRAM.join(' ')) return;
  throw new XorflowError(
    'INVALID_MANIFEST',
    `${file}: ${place} command ${JSON.stringify(command)}: not supported locally; expected ${JSON.stringify(PROGRAM)}`,
  );
}

/** @throws XorflowError `INVALID_MANIFEST` for a filter that is none, or that JavaScript reads otherwise than Go */
function assertFilters(file: string, { experiment: { spec } }: LoadedExperiment): void {
  const formats = spec.metricsCollectorSpec.source?.filter.metricsFormat ?? [];
  try {
    filtersOf(formats);
  } catch (error) {
    if (!(error instanceof XorflowError)) throw error;
    throw new XorflowError('INVALID_MANIFEST', `${file}: spec.metricsCollectorSpec.source.filter: ${error.message}`, {
      cause: error,
    });
  }
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
    metricsFormat: spec.metricsCollectorSpec.source?.filter.metricsFormat ?? [],
    limits: spec,
    resumePolicy: spec.resumePolicy,
    algorithm,
    search: toSearch(spec),
    medianStop: toEarlyStopping(spec),
    requestOf(trial, assignments) {
      const { env, deadlineSeconds } = renderTrial(experiment, { name: trial, assignments });
      const request = requestOf(env);
      return { ...request, assignments, deadlineMs: Math.min(request.deadlineMs, 1000 * deadlineSeconds) };
    },
  };
}
