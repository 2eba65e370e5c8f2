import { z } from 'zod';
import type { DataOf } from '../../events/define.ts';
import { XorflowError } from '../../events/errors.ts';
import { experimentIdSchema } from '../../events/ids.ts';
import { sentenceOf } from '../../events/issues.ts';
import type { trialRequested } from '../../events/registry.ts';
import { METRICS, type Objective } from '../../events/search.ts';
import { LIMITS, resolveModel, specSchema } from '../../events/spec.ts';

export type TrialRequest = DataOf<typeof trialRequested>;
type Env = Readonly<Record<string, string | undefined>>;

/** Hyperparameters are the variables that begin so: `HP_LEARNING_RATE` is `learning_rate`. */
const PREFIX = 'HP_';

/** Where in a model's spec a hyperparameter goes. */
const FIELDS = {
  learning_rate: 'learningRate',
  batch_size: 'batchSize',
  activation: 'activation',
  optimizer: 'optimizer',
  momentum: 'momentum',
  epochs: 'epochs',
  seed: 'seed',
} as const;

/** The hyperparameters that a trial knows; `hidden` are the units of a hidden layer, `layers` how many there are. */
export const HYPERPARAMETERS = [...Object.keys(FIELDS), 'hidden', 'layers'];

const DEFAULTS = { hidden: 16, layers: 1, deadlineSeconds: 600 };

/**
 * What the environment of a trial's container asks for.
 *
 * `KATIB_TRIAL_NAME` is set by Katib. `XORFLOW_EXPERIMENT` is the name of the Experiment (without it the trial's name
 * up to the last hyphen), `XORFLOW_OBJECTIVE` the metric that it is judged by, `XORFLOW_OBJECTIVE_TYPE` minimize or
 * maximize, `XORFLOW_DATASET` and `XORFLOW_TRAINING` parts of an experiment's spec as JSON, `XORFLOW_TRIAL_SECONDS` the
 * trial's deadline, and each `HP_<NAME>` a hyperparameter.
 *
 * @throws XorflowError `INVALID_ARGUMENT` naming the variable, its value and what is allowed
 */
export function requestOf(env: Env): TrialRequest {
  const assignments = assignmentsOf(env);
  const { hidden = String(DEFAULTS.hidden), layers = String(DEFAULTS.layers), ...rest } = assignments;
  const depth = integerOf(hidden === '0' ? '0' : layers, 'HP_LAYERS', 0, LIMITS.hiddenLayers);
  const overrides = Object.fromEntries(
    Object.entries(rest).map(([name, text]) => [FIELDS[name as keyof typeof FIELDS], numberOrText(text)]),
  );
  const input = {
    dataset: jsonOf(env, 'XORFLOW_DATASET'),
    training: jsonOf(env, 'XORFLOW_TRAINING'),
    models: [{ name: 'trial', hidden: Array.from({ length: depth }, () => numberOrText(hidden)), ...overrides }],
  };
  const parsed = specSchema.safeParse(input);
  if (!parsed.success) throw wrong(placed(sentenceOf(parsed.error, input, specSchema)));
  return {
    experiment: experimentOf(env),
    assignments,
    objective: objectiveOf(env),
    stopRules: [],
    dataset: parsed.data.dataset,
    model: resolveModel(parsed.data, 0),
    deadlineMs:
      1000 *
      integerOf(env.XORFLOW_TRIAL_SECONDS || String(DEFAULTS.deadlineSeconds), 'XORFLOW_TRIAL_SECONDS', 1, 86_400),
  };
}

/** @throws XorflowError `INVALID_ARGUMENT` for a hyperparameter that no trial knows */
function assignmentsOf(env: Env): Record<string, string> {
  const given = Object.entries(env).flatMap(([variable, value]) =>
    variable.startsWith(PREFIX) && value !== undefined ? [{ variable, value }] : [],
  );
  return Object.fromEntries(
    given.map(({ variable, value }) => {
      const name = variable.slice(PREFIX.length).toLowerCase();
      if (HYPERPARAMETERS.includes(name)) return [name, value];
      const known = HYPERPARAMETERS.map((one) => PREFIX + one.toUpperCase()).join(', ');
      throw wrong(`Unknown variable ${variable}: expected one of ${known}`);
    }),
  );
}

const experimentSchema = z.object({ XORFLOW_EXPERIMENT: experimentIdSchema });

function experimentOf(env: Env): string {
  const name = env.XORFLOW_EXPERIMENT || env.KATIB_TRIAL_NAME?.replace(/-[^-]+$/, '');
  const parsed = experimentSchema.safeParse({ XORFLOW_EXPERIMENT: name });
  if (parsed.success) return parsed.data.XORFLOW_EXPERIMENT;
  throw wrong(sentenceOf(parsed.error, { XORFLOW_EXPERIMENT: name }));
}

function objectiveOf(env: Env): Objective {
  const metric = env.XORFLOW_OBJECTIVE || 'validation_accuracy';
  const type = env.XORFLOW_OBJECTIVE_TYPE || (metric.endsWith('loss') ? 'minimize' : 'maximize');
  if (!METRICS.some((one) => one === metric)) {
    throw wrong(`Wrong value ${JSON.stringify(metric)} in XORFLOW_OBJECTIVE: expected one of ${METRICS.join(', ')}`);
  }
  if (type !== 'minimize' && type !== 'maximize') {
    throw wrong(`Wrong value ${JSON.stringify(type)} in XORFLOW_OBJECTIVE_TYPE: expected minimize or maximize`);
  }
  return { metric: metric as Objective['metric'], type };
}

function jsonOf(env: Env, name: string): unknown {
  const text = env[name];
  if (text === undefined || text === '') return {};
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw wrong(`Wrong value ${JSON.stringify(text)} in ${name}: expected JSON (${(cause as Error).message})`);
  }
}

function integerOf(text: string, name: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d{1,9}$/.test(text) && value >= min && value <= max) return value;
  throw wrong(`Wrong value ${JSON.stringify(text)} in ${name}: expected an integer from ${min} to ${max}`);
}

function numberOrText(text: string): number | string {
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** A place in the spec as the variable that was put there. */
function placed(sentence: string): string {
  return sentence.replace(/ at ([\w.]+):/, (_, path: string) => {
    const [first = '', , field = ''] = path.split('.');
    if (first !== 'models') return ` at ${path} (XORFLOW_${first.toUpperCase()}):`;
    const [name] = Object.entries(FIELDS).find(([, to]) => to === field) ?? ['hidden'];
    return ` in ${PREFIX}${name.toUpperCase()}:`;
  });
}

function wrong(message: string): XorflowError {
  return new XorflowError('INVALID_ARGUMENT', message);
}
