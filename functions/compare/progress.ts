import type { DataOf } from '../../events/define.ts';
import {
  experimentCompleted,
  experimentFailed,
  modelsCompared,
  modelTrained,
  samplesPlotted,
} from '../../events/registry.ts';
import type { LogEntry } from '../store/port.ts';

/** One model's training, as its event tells it. */
export type Training = DataOf<typeof modelTrained>;

/** How far an experiment is, as far as comparing needs to know. */
export interface Progress {
  /** The trained models in the order of the spec. */
  readonly trainings: readonly Training[];
  /** Whether every model of the experiment is among them. */
  readonly isTrained: boolean;
  readonly samples?: DataOf<typeof samplesPlotted>;
  readonly compared?: DataOf<typeof modelsCompared>;
  readonly isOver: boolean;
}

/**
 * Folds a log. Of events that say the same thing twice the first of the log counts: the log only grows, so whoever
 * reads it, and whenever, settles on the same one.
 */
export function progressOf(log: readonly LogEntry[]): Progress {
  const trainings = new Map<number, Training>();
  let samples: DataOf<typeof samplesPlotted> | undefined;
  let compared: DataOf<typeof modelsCompared> | undefined;
  let isOver = false;
  for (const { value } of log) {
    const { type, data } = eventOf(value);
    switch (type) {
      case modelTrained.type: {
        const training = modelTrained.schema.safeParse(data).data;
        if (training && !trainings.has(training.index)) trainings.set(training.index, training);
        break;
      }
      case samplesPlotted.type:
        samples ??= samplesPlotted.schema.safeParse(data).data;
        break;
      case modelsCompared.type:
        compared ??= modelsCompared.schema.safeParse(data).data;
        break;
      case experimentCompleted.type:
      case experimentFailed.type:
        isOver = true;
        break;
      default:
        break;
    }
  }
  const [first] = trainings.values();
  const count = first?.count ?? Number.POSITIVE_INFINITY;
  const ordered = [...trainings.values()].filter(({ index }) => index < count).sort((a, b) => a.index - b.index);
  return {
    trainings: ordered,
    isTrained: ordered.length === count,
    ...(samples ? { samples } : {}),
    ...(compared ? { compared } : {}),
    isOver,
  };
}

/** The gateway records whatever comes in: a log may hold what is no event of ours. */
function eventOf(value: string): { type?: unknown; data?: unknown } {
  try {
    const event: unknown = JSON.parse(value);
    return typeof event === 'object' && event !== null ? event : {};
  } catch {
    return {};
  }
}
