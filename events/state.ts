import type { DataOf } from './define.ts';
import type { Dataset, Metrics, ModelRow, Plot } from './parts.ts';
import type { KnownEvent } from './registry.ts';
import type { ExperimentSpec } from './spec.ts';
import type { experimentFailed } from './types/experiment-failed.ts';

export const STATUSES = ['requested', 'running', 'completed', 'failed'] as const;

/** Where one model of the experiment stands. */
export interface ModelState {
  readonly index: number;
  readonly name: string;
  readonly hidden: readonly number[];
  status: 'waiting' | 'training' | 'trained';
  engine?: string;
  train?: Metrics;
  test?: Metrics;
}

/** All that can be said of an experiment, folded from its log. */
export interface ExperimentState {
  readonly id: string;
  name: string;
  status: (typeof STATUSES)[number];
  /** RFC 3339, of the request. */
  requestedAt?: string;
  /** RFC 3339, of the event that ended it. */
  endedAt?: string;
  /** From request to end, in milliseconds. */
  durationMs?: number;
  spec?: ExperimentSpec;
  dataset?: Dataset;
  models: ModelState[];
  /** The rows of the table, once the models have been compared. */
  table: ModelRow[];
  plots: Plot[];
  failure?: DataOf<typeof experimentFailed>;
}

export function emptyState(id: string): ExperimentState {
  return { id, name: id, status: 'requested', models: [], table: [], plots: [] };
}

/**
 * Takes one event of the log into the state. Any order and any repetition gives the same end: what an experiment is
 * does not depend on which event came first, and the first terminal event of the log settles it.
 */
export function applyEvent(state: ExperimentState, event: KnownEvent): ExperimentState {
  const next = structuredClone(state);
  switch (event.type) {
    case 'experiment.requested':
      // Another request for an experiment that has begun changes nothing.
      if (next.requestedAt || !event.data) break;
      next.requestedAt = event.time as string;
      describe(next, event.data);
      break;
    case 'dataset.generated':
      if (!event.data) break;
      describe(next, event.data.spec);
      next.dataset = event.data.dataset;
      advance(next);
      break;
    case 'training.requested':
    case 'model.trained': {
      if (!event.data) break;
      next.name = event.data.experimentName;
      next.dataset ??= event.data.dataset;
      applyTraining(next, event);
      advance(next);
      break;
    }
    case 'samples.plotted':
      if (event.data) addPlots(next, event.data.plots, 'first');
      advance(next);
      break;
    case 'models.compared':
      if (!event.data) break;
      addPlots(next, event.data.plots, 'last');
      next.table = event.data.models;
      advance(next);
      break;
    case 'experiment.completed':
    case 'experiment.failed':
      applyEnd(next, event);
      break;
    default:
      break;
  }
  if (next.requestedAt && next.endedAt) {
    next.durationMs = Math.max(0, Date.parse(next.endedAt) - Date.parse(next.requestedAt));
  }
  return next;
}

/** The state after all events of a log. */
export function foldEvents(id: string, events: Iterable<KnownEvent>): ExperimentState {
  let state = emptyState(id);
  for (const event of events) state = applyEvent(state, event);
  return state;
}

/** Whether nothing more will happen. */
export function isOver(state: ExperimentState): boolean {
  return state.status === 'completed' || state.status === 'failed';
}

function describe(state: ExperimentState, spec: ExperimentSpec): void {
  state.name = spec.name;
  state.spec = spec;
  for (const [index, model] of spec.models.entries()) {
    if (!state.models.some((known) => known.index === index)) {
      state.models.push({ index, name: model.name, hidden: model.hidden, status: 'waiting' });
    }
  }
  state.models.sort((a, b) => a.index - b.index);
}

function advance(state: ExperimentState): void {
  if (state.status === 'requested') state.status = 'running';
}

function addPlots(state: ExperimentState, plots: readonly Plot[], place: 'first' | 'last'): void {
  // The summary of a completed experiment lists them all already.
  if (state.status === 'completed') return;
  const known = new Set(state.plots.map((plot) => plot.name));
  const added = plots.filter((plot) => !known.has(plot.name));
  state.plots = place === 'first' ? [...added, ...state.plots] : [...state.plots, ...added];
}

function applyTraining(
  state: ExperimentState,
  event: Extract<KnownEvent, { type: 'training.requested' | 'model.trained' }>,
): void {
  const { data } = event;
  if (!data) return;
  let model = state.models.find((known) => known.index === data.index);
  if (!model) {
    model = { index: data.index, name: data.model.name, hidden: data.model.hidden, status: 'waiting' };
    state.models.push(model);
    state.models.sort((a, b) => a.index - b.index);
  }
  if (!('weights' in data)) {
    if (model.status === 'waiting') model.status = 'training';
    return;
  }
  model.status = 'trained';
  model.engine = data.engine.name;
  model.train = data.train;
  model.test = data.test;
}

function applyEnd(
  state: ExperimentState,
  event: Extract<KnownEvent, { type: 'experiment.completed' | 'experiment.failed' }>,
): void {
  if (isOver(state) || !event.data) return;
  state.endedAt = event.time as string;
  if ('stage' in event.data) {
    state.status = 'failed';
    state.failure = event.data;
    return;
  }
  state.status = 'completed';
  state.name = event.data.experimentName;
  state.dataset = event.data.dataset;
  state.table = event.data.models;
  state.plots = event.data.plots;
}
