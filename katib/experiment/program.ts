import { toError } from '../../events/errors.ts';
import { requestOf } from '../trial/request.ts';
import type { Experiment } from './schema.ts';
import { wrongValue } from './sentence.ts';
import { renderTrial } from './template.ts';

/** The program of a trial, whose environment is known. */
const PROGRAM = 'katib/trial.ts';
/** No parameter has more values than this looked at. */
const MOST = 100;

/** What the program of a trial would say to the ends of the space: otherwise every trial fails, on a cluster too. */
export function problemsOfProgram(experiment: Experiment): string[] {
  const { metadata, spec } = experiment;
  const { trialTemplate } = spec;
  const container = trialTemplate.trialSpec.spec.template.spec.containers[0];
  if (container?.command[1] !== PROGRAM) return [];
  const problems = new Set<string>();
  for (const assignments of samplesOf(experiment)) {
    try {
      const { env, deadlineSeconds } = renderTrial(experiment, { name: `${metadata.name}-sample`, assignments });
      const request = requestOf(env);
      const { objective } = request;
      if (request.experiment !== metadata.name) problems.add(inEnv(request.experiment, 'EXPERIMENT', metadata.name));
      if (objective.metric !== spec.objective.objectiveMetricName) {
        problems.add(
          inEnv(objective.metric, 'OBJECTIVE', `objectiveMetricName, ${spec.objective.objectiveMetricName}`),
        );
      }
      if (objective.type !== spec.objective.type) {
        problems.add(inEnv(objective.type, 'OBJECTIVE_TYPE', `objective.type, ${spec.objective.type}`));
      }
      if (request.deadlineMs >= deadlineSeconds * 1000) {
        const rule = `less than activeDeadlineSeconds, ${deadlineSeconds}: a Job that is killed tells nobody why`;
        problems.add(inEnv(request.deadlineMs / 1000, 'TRIAL_SECONDS', rule));
      }
    } catch (error) {
      problems.add(toError(error).message);
    }
  }
  return [...problems];
}

function inEnv(value: unknown, variable: string, rule: string): string {
  return wrongValue(value, `XORFLOW_${variable}`, rule);
}

/** The first values of all parameters, and with them the others of each, one after the other. */
function samplesOf({ spec }: Experiment): Record<string, string>[] {
  const values = spec.parameters.map(({ name, feasibleSpace: { min = '', max = '', list } }) => ({
    name,
    texts: list ?? [min, max],
  }));
  const first = Object.fromEntries(values.map(({ name, texts: [text = ''] }) => [name, text]));
  const others = values.flatMap(({ name, texts }) => texts.slice(1, MOST).map((text) => ({ ...first, [name]: text })));
  return [first, ...others];
}
