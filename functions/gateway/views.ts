import { z } from 'zod';
import { descriptorSchema } from '../../events/descriptor.ts';
import { datasetSchema, metricsSchema, modelRowSchema, plotSchema } from '../../events/parts.ts';
import { experimentFailed } from '../../events/registry.ts';
import { METRICS, objectiveSchema } from '../../events/search.ts';
import { parameterCount, slug, specSchema } from '../../events/spec.ts';
import { type ExperimentState, STATUSES } from '../../events/state.ts';

const link = z.string().describe('a path of this server');
const experimentLinks = z.strictObject({ self: link, events: link, logs: link }).meta({ id: 'ExperimentLinks' });
const time = z.string().describe('RFC 3339');

/** What a request for an experiment is answered with. */
export const acceptedSchema = z.strictObject({ id: z.string(), links: experimentLinks }).meta({ id: 'Accepted' });

/** Which experiment it is and how far. */
const course = {
  id: z.string(),
  name: z.string(),
  status: z.enum(STATUSES),
  requestedAt: time.optional(),
  endedAt: time.optional(),
  durationMs: z.number().optional(),
};

/** An experiment in the list of all. */
export const summarySchema = z
  .strictObject({
    ...course,
    models: z.array(z.strictObject({ name: z.string(), status: z.string(), testAccuracy: z.number().optional() })),
    reason: z.string().optional().describe('why it failed'),
    links: experimentLinks,
  })
  .meta({ id: 'ExperimentSummary' });
export type Summary = z.output<typeof summarySchema>;

export const listSchema = z
  .strictObject({
    experiments: z.array(summarySchema).describe('newest first'),
    next: link.optional().describe('the following page; absent on the last'),
  })
  .meta({ id: 'ExperimentList' });

const modelSchema = z
  .strictObject({
    index: z.int(),
    name: z.string(),
    hidden: z.array(z.int()),
    parameters: z.int().optional(),
    status: z.enum(['waiting', 'training', 'trained']),
    engine: z.string().optional(),
    train: metricsSchema.optional(),
    test: metricsSchema.optional(),
    links: z.strictObject({ model: link.describe('for tf.loadLayersModel'), weights: link }).optional(),
  })
  .meta({ id: 'ExperimentModel' });

/** All that the log says of an experiment. */
export const experimentSchema = z
  .strictObject({
    ...course,
    spec: specSchema.optional(),
    dataset: datasetSchema.optional(),
    models: z.array(modelSchema),
    table: z.array(modelRowSchema).describe('the models compared on the test points; empty until then'),
    plots: z.array(
      plotSchema.extend({ links: z.strictObject({ png: link, html: link, spec: link }) }).meta({ id: 'LinkedPlot' }),
    ),
    failure: experimentFailed.schema.optional(),
    links: experimentLinks,
  })
  .meta({ id: 'Experiment' });
export type ExperimentView = z.output<typeof experimentSchema>;

const trialLinks = z.strictObject({ self: link, events: link, logs: link }).meta({ id: 'TrialLinks' });

/** What a request for a trial is answered with. */
export const acceptedTrialSchema = z
  .strictObject({ name: z.string(), links: trialLinks })
  .meta({ id: 'AcceptedTrial' });

/** A trial of a search. */
export const trialSchema = z
  .strictObject({
    name: z.string(),
    experiment: z.string().optional().describe('the Katib Experiment that it is of'),
    index: z.int().optional().describe('of the trial in its search'),
    status: z.enum(['requested', 'succeeded', 'stopped', 'failed']),
    requestedAt: time.optional(),
    endedAt: time.optional(),
    assignments: z.record(z.string(), z.string()),
    objective: objectiveSchema.extend({ value: z.number().optional() }).optional(),
    metrics: z.partialRecord(z.enum(METRICS), z.number()).optional(),
    epochs: z.int().optional(),
    durationMs: z.number().optional().describe('of the training'),
    reason: z.string().optional(),
    links: trialLinks,
  })
  .meta({ id: 'Trial' });
export type TrialView = z.output<typeof trialSchema>;

const searchPlotSchema = z
  .strictObject({
    name: z.string(),
    title: z.string(),
    png: descriptorSchema,
    html: descriptorSchema,
    spec: descriptorSchema,
    links: z.strictObject({ png: link, html: link, spec: link }),
  })
  .meta({ id: 'SearchPlot' });

const searchLinks = z.strictObject({ self: link, events: link }).meta({ id: 'SearchLinks' });

/** What a search that is put on record is answered with. */
export const acceptedSearchSchema = z
  .strictObject({ name: z.string(), links: searchLinks })
  .meta({ id: 'AcceptedSearch' });

/** A search: how far it is, and as it was last drawn. */
export const searchSchema = z
  .strictObject({
    experiment: z.string(),
    trials: z.int(),
    completed: z.int().describe('trials that are over'),
    best: z
      .strictObject({
        trial: z.string(),
        objective: objectiveSchema.extend({ value: z.number() }),
        assignments: z.record(z.string(), z.string()),
      })
      .optional(),
    plots: z.array(searchPlotSchema),
    links: searchLinks,
  })
  .meta({ id: 'Search' });
export type SearchView = z.output<typeof searchSchema>;

export const trialListSchema = z
  .strictObject({
    trials: z.array(trialSchema).describe('newest first'),
    searches: z.array(searchSchema),
    next: link.optional(),
  })
  .meta({ id: 'TrialList' });

export function trialLinksOf(name: string): z.output<typeof trialLinks> {
  const self = `/trials/${name}`;
  return { self, events: `${self}/events`, logs: `${self}/logs` };
}

export function searchLinksOf(name: string): z.output<typeof searchLinks> {
  const self = `/searches/${name}`;
  return { self, events: `${self}/events` };
}

export function linksOf(id: string): z.output<typeof experimentLinks> {
  const self = `/experiments/${id}`;
  return { self, events: `${self}/events`, logs: `${self}/logs` };
}

/** `sha256:<hex>` -> the path of its bytes. */
export function artifactPath(digest: string): string {
  return `/artifacts/${digest.replace(':', '/')}`;
}

export function toSummary(state: ExperimentState): Summary {
  const { id, name, status, requestedAt, endedAt, durationMs, failure } = state;
  return {
    id,
    name,
    status,
    ...(requestedAt !== undefined && { requestedAt }),
    ...(endedAt !== undefined && { endedAt }),
    ...(durationMs !== undefined && { durationMs }),
    models: toModels(state).map((model) => ({
      name: model.name,
      status: model.status,
      ...(model.test && { testAccuracy: model.test.accuracy }),
    })),
    ...(failure && { reason: failure.reason }),
    links: linksOf(id),
  };
}

export function toView(state: ExperimentState): ExperimentView {
  const { self } = linksOf(state.id);
  return {
    ...state,
    models: toModels(state),
    plots: state.plots.map((plot) => {
      const path = `${self}/plots/${plot.name}`;
      return { ...plot, links: { png: `${path}.png`, html: `${path}.html`, spec: `${path}.vl.json` } };
    }),
    links: linksOf(state.id),
  };
}

/** What is known of each model: from its own events, else from the table, where those have not come yet. */
function toModels(state: ExperimentState): ExperimentView['models'] {
  const rows = new Map(state.table.map((row) => [row.index, row]));
  const known = new Map(state.models.map((model) => [model.index, model]));
  const indexes = [...new Set([...known.keys(), ...rows.keys()])].sort((a, b) => a - b);
  return indexes.flatMap((index): ExperimentView['models'] => {
    const row = rows.get(index);
    const model = known.get(index) ?? (row && { ...row, status: 'trained' as const });
    if (!model) return [];
    const { engine, train, test } = { ...row, ...model };
    const status = row ? 'trained' : model.status;
    const files = `${linksOf(state.id).self}/models/${slug(model.name)}`;
    return [
      {
        index,
        name: model.name,
        hidden: [...model.hidden],
        ...(state.dataset && { parameters: parameterCount(state.dataset.dims, model.hidden) }),
        status,
        ...(engine !== undefined && { engine }),
        ...(train && { train }),
        ...(test && { test }),
        ...(known.get(index)?.status === 'trained' && {
          links: { model: `${files}/model.json`, weights: `${files}/weights.bin` },
        }),
      },
    ];
  });
}
