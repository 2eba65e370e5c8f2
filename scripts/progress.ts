import type { KnownEvent } from '../events/registry.ts';
import { applyEvent, type ExperimentState, emptyState } from '../events/state.ts';
import { formatDuration, printable } from './table.ts';

/** Where progress is shown; a terminal gets one line that changes, anything else a line per step. */
export interface Screen {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Shows how far an experiment is. */
export interface Progress extends Disposable {
  event(event: KnownEvent): void;
  /** One metric line: `<RFC3339> <experiment>/<model> epoch=10 loss=0.53 accuracy=0.81`. */
  line(text: string): void;
}

const BAR = 24;
const REDRAW_MS = 50;

export function makeProgress(id: string, screen: Screen): Progress {
  return screen.isTTY ? makeBar(id, screen) : makePlain(id, screen);
}

function makePlain(id: string, screen: Screen): Progress {
  let state = emptyState(id);
  return {
    event(event) {
      state = applyEvent(state, event);
      screen.write(`${printable(describe(event, state))}\n`);
    },
    line() {},
    [Symbol.dispose]() {},
  };
}

function makeBar(id: string, screen: Screen): Progress {
  let state = emptyState(id);
  const epochs = new Map<string, number>();
  let drawnAt = 0;
  const draw = (isForced: boolean) => {
    const now = performance.now();
    if (!isForced && now - drawnAt < REDRAW_MS) return;
    drawnAt = now;
    const text = `${barOf(shareDone(state, epochs))} ${stageOf(state)}`;
    screen.write(`\r\u001b[2K${printable(text).slice(0, Math.max(20, (screen.columns ?? 80) - 1))}`);
  };
  return {
    event(event) {
      state = applyEvent(state, event);
      draw(true);
    },
    line(text) {
      const [, model, epoch] = /^\S+ (.+?) epoch=(\d+)(?: |$)/.exec(text) ?? [];
      if (model === undefined) return;
      epochs.set(model, Number(epoch));
      draw(false);
    },
    [Symbol.dispose]() {
      screen.write('\r\u001b[2K');
    },
  };
}

/** A bar and its percentage. */
export function barOf(share: number): string {
  const full = Math.round(Math.min(1, Math.max(0, share)) * BAR);
  return `${'█'.repeat(full)}${'░'.repeat(BAR - full)} ${String(Math.round(share * 100)).padStart(3)} %`;
}

/** Training is nearly all of the work: the epochs that are done count, each model of those that are wanted. */
function shareDone(state: ExperimentState, epochs: ReadonlyMap<string, number>): number {
  if (state.status === 'completed') return 1;
  const wanted = state.models.reduce((sum, { index }) => sum + epochsOf(state, index), 0);
  if (wanted === 0) return 0;
  const reported = [...epochs.values()].reduce((sum, done) => sum + done, 0);
  const trained = state.models
    .filter(({ status }) => status === 'trained')
    .reduce((sum, { index }) => sum + epochsOf(state, index), 0);
  return 0.98 * Math.min(1, Math.max(reported, trained) / wanted);
}

function epochsOf({ spec }: ExperimentState, index: number): number {
  return spec?.models[index]?.epochs ?? spec?.training.epochs ?? 0;
}

function stageOf(state: ExperimentState): string {
  if (state.status === 'completed' || state.status === 'failed') return state.status;
  if (!state.dataset) return 'generating the points';
  const trained = state.models.filter(({ status }) => status === 'trained').length;
  if (trained < state.models.length) return `training: ${trained} of ${state.models.length} models done`;
  return 'comparing the models';
}

function describe(event: KnownEvent, state: ExperimentState): string {
  const { data } = event;
  switch (event.type) {
    case 'experiment.requested':
      return `requested: experiment ${state.id}, ${state.models.length} models`;
    case 'dataset.generated':
      return `generated: the points, ${state.spec?.dataset.trainSize} to train on`;
    case 'model.trained':
      return data && 'weights' in data
        ? `trained: ${data.model.name} in ${formatDuration(data.durationMs)}, ${state.models.filter(({ status }) => status === 'trained').length} of ${data.count}`
        : event.type;
    case 'training.requested':
      return data && 'model' in data ? `training: ${data.model.name}` : event.type;
    case 'samples.plotted':
      return 'plotted: the points';
    case 'models.compared':
      return 'compared: the models';
    default:
      return event.type.replace('experiment.', '');
  }
}
