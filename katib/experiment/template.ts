import { XorflowError } from '../../events/errors.ts';
import { quoteValue } from '../../events/issues.ts';
import { sentencesOf } from '../../events/manifest-issues.ts';
import type { Assignments } from '../algorithms/algorithm.ts';
import { type Job, jobSchema } from './job.ts';
import { PLACEHOLDER } from './placeholders.ts';
import { readReference } from './reference.ts';
import type { Experiment } from './schema.ts';

/** A trial that is to be made. */
export interface TrialIdentity {
  readonly name: string;
  readonly assignments: Assignments;
}

/** What the main container of a trial runs, and for how long it may. */
export interface RenderedTrial {
  readonly env: Readonly<Record<string, string>>;
  readonly command: readonly string[];
  readonly args: readonly string[];
  /** Of the whole Job. */
  readonly deadlineSeconds: number;
}

/**
 * The main container of a trial, as Katib makes it of the template: placeholders replaced in its JSON as they stand, and
 * the trial's name in the environment.
 *
 * @throws XorflowError `INVALID_MANIFEST` for assignments that are not those of the parameters, a value that breaks the
 * JSON, or what comes out as no Job
 */
export function renderTrial(experiment: Experiment, trial: TrialIdentity): RenderedTrial {
  const { spec } = renderJob(experiment, trial);
  const name = experiment.spec.trialTemplate.primaryContainerName;
  const container = spec.template.spec.containers.find((one) => one.name === name);
  if (container === undefined) throw refuse(`No container ${name} in the template of ${experiment.metadata.name}`);
  return {
    env: {
      ...Object.fromEntries(container.env.map(({ name: variable, value }) => [variable, value])),
      KATIB_TRIAL_NAME: trial.name,
    },
    command: container.command,
    args: container.args,
    deadlineSeconds: spec.activeDeadlineSeconds,
  };
}

function renderJob(experiment: Experiment, trial: TrialIdentity): Job {
  checkAssignments(experiment, trial);
  const { trialParameters, trialSpec } = experiment.spec.trialTemplate;
  const values = new Map(trialParameters.map(({ name, reference }) => [name, meaningOf(reference, experiment, trial)]));
  for (const [name, value] of values) {
    if (!standsInJson(value)) {
      throw refuse(`Wrong value ${quoteValue(value)} for ${name}: expected text that can stand in JSON as it is`);
    }
  }
  const text = JSON.stringify(trialSpec).replace(PLACEHOLDER, (found, name: string) => values.get(name) ?? found);
  const document: unknown = JSON.parse(text);
  const parsed = jobSchema.safeParse(document);
  if (parsed.success) return parsed.data;
  const problems = sentencesOf(parsed.error, document, jobSchema).map(
    ({ sentence }) => `Job of ${trial.name}: ${sentence}`,
  );
  throw refuse(problems.join('\n'));
}

/** Katib makes no trial of more or fewer values than there are parameters. */
function checkAssignments({ spec }: Experiment, { name, assignments }: TrialIdentity): void {
  const names = spec.parameters.map((parameter) => parameter.name);
  const missing = names.find((one) => assignments[one] === undefined);
  if (missing !== undefined) throw refuse(`Missing value for ${missing} in trial ${name}`);
  const unknown = Object.keys(assignments).find((one) => !names.includes(one));
  if (unknown !== undefined) {
    throw refuse(`Unknown parameter ${quoteValue(unknown)} in trial ${name}: expected one of ${names.join(', ')}`);
  }
}

function meaningOf(text: string, { metadata, spec }: Experiment, { name, assignments }: TrialIdentity): string {
  const reference = readReference(text);
  if ('parameter' in reference) return assignments[reference.parameter] ?? '';
  const { trialSpec } = spec.trialTemplate;
  if ('map' in reference) return trialSpec.metadata?.[reference.map]?.[reference.key] ?? '';
  const fields = {
    Name: name,
    Namespace: metadata.namespace ?? 'default',
    Kind: trialSpec.kind,
    APIVersion: trialSpec.apiVersion,
  };
  return fields[reference.field];
}

function standsInJson(value: string): boolean {
  try {
    return typeof JSON.parse(`"${value}"`) === 'string';
  } catch {
    return false;
  }
}

function refuse(message: string): XorflowError {
  return new XorflowError('INVALID_MANIFEST', message);
}
