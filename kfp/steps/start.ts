import { XorflowError } from '../../events/errors.ts';
import { sentenceOf } from '../../events/issues.ts';
import { PRESETS } from '../../events/presets.ts';
import { type ExperimentSpec, specSchema } from '../../events/spec.ts';
import { SOURCE } from '../../functions/pipelines/source.ts';
import { awaitEvent } from '../follow.ts';
import { PARAMETERS, type ParameterName } from '../parameters.ts';
import { experimentOf, type Step, textOf } from './context.ts';

/** Requests the experiment of the run, or finds the one that the run is to show. */
export const start: Step = async ({ execution, client, signal, say }) => {
  const { parameters } = execution;
  const existing = textOf(execution, 'experiment');
  let experiment = existing;
  if (existing === '') {
    const run = textOf(execution, 'run_id');
    experiment = experimentOf(run);
    const spec = specOf(parameters);
    await client.request(spec, signal, { source: SOURCE, id: run, subject: experiment });
    say(`requested experiment ${experiment}, ${spec.models.length} models`);
  } else say(`shows experiment ${experiment}`);
  const { data } = await awaitEvent(client, experiment, 'experiment.requested', signal);
  if (!data) throw new XorflowError('INVALID_SPEC', `The request of experiment ${experiment} has no spec`);
  execution.setParameter('experiment', experiment);
  execution.setParameter('dims', data.dataset.dims);
  execution.setParameter(
    'models',
    data.models.map((_, index) => index),
  );
};

/**
 * The spec that a run's parameters ask for.
 *
 * @throws XorflowError `INVALID_SPEC` naming the parameter or the field, the value and what is allowed
 */
export function specOf(parameters: Readonly<Record<string, unknown>>): ExperimentSpec {
  /** A value that is the default counts as not given. */
  const given = (name: ParameterName): unknown => {
    const value = parameters[name];
    return JSON.stringify(value) === JSON.stringify(PARAMETERS[name].defaultValue) ? undefined : value;
  };
  const preset = presetOf(given('preset'));
  const base = specSchema.parse(preset);
  const width = given('size_hidden');
  const models = given('models') ?? base.models;
  const input = {
    ...preset,
    dataset: withoutUndefined({
      dims: given('dims'),
      trainSize: given('train_size'),
      testSize: given('test_size'),
      seed: given('seed'),
    }),
    training: {
      ...('training' in preset ? preset.training : {}),
      ...withoutUndefined({ epochs: given('epochs'), learningRate: given('learning_rate'), seed: given('seed') }),
    },
    models:
      width === undefined || given('models') !== undefined
        ? models
        : base.models.map((model) => ({ ...model, hidden: model.hidden.map(() => width) })),
  };
  const parsed = specSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new XorflowError('INVALID_SPEC', sentenceOf(parsed.error, input, specSchema));
}

function presetOf(name: unknown): (typeof PRESETS)[keyof typeof PRESETS] {
  if (name === undefined) return PRESETS.default;
  if (typeof name === 'string' && Object.hasOwn(PRESETS, name)) return PRESETS[name as keyof typeof PRESETS];
  throw new XorflowError(
    'INVALID_SPEC',
    `Wrong value ${JSON.stringify(name)} at preset: expected one of ${Object.keys(PRESETS).join(', ')}`,
  );
}

function withoutUndefined(fields: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
