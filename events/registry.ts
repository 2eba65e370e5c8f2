/** The one barrel of the repository: every event type, in the order of the chain. */
import type { EventDefinition, EventOf } from './define.ts';
import { datasetGenerated } from './types/dataset-generated.ts';
import { experimentCompleted } from './types/experiment-completed.ts';
import { experimentFailed } from './types/experiment-failed.ts';
import { experimentRequested } from './types/experiment-requested.ts';
import { modelTrained } from './types/model-trained.ts';
import { modelsCompared } from './types/models-compared.ts';
import { samplesPlotted } from './types/samples-plotted.ts';
import { searchStarted } from './types/search-started.ts';
import { trainingRequested } from './types/training-requested.ts';
import { trialCancelled } from './types/trial-cancelled.ts';
import { trialCompleted } from './types/trial-completed.ts';
import { trialRequested } from './types/trial-requested.ts';
import { trialsPlotted } from './types/trials-plotted.ts';

export {
  datasetGenerated,
  experimentCompleted,
  experimentFailed,
  experimentRequested,
  modelsCompared,
  modelTrained,
  samplesPlotted,
  searchStarted,
  trainingRequested,
  trialCancelled,
  trialCompleted,
  trialRequested,
  trialsPlotted,
};

export const CATALOGUE = [
  experimentRequested,
  datasetGenerated,
  samplesPlotted,
  trainingRequested,
  modelTrained,
  modelsCompared,
  experimentCompleted,
  experimentFailed,
  searchStarted,
  trialRequested,
  trialCancelled,
  trialCompleted,
  trialsPlotted,
] as const satisfies readonly EventDefinition[];

/** An event of any type of the catalogue; `type` tells them apart. */
export type KnownEvent = OneOf<(typeof CATALOGUE)[number]>;
type OneOf<D> = D extends EventDefinition ? EventOf<D> : never;
export type EventType = KnownEvent['type'];

const byType = new Map<string, EventDefinition>(CATALOGUE.map((definition) => [definition.type, definition]));

/** The definition of a type, or undefined where the catalogue has none. */
export function definitionOf(type: string): EventDefinition | undefined {
  return byType.get(type);
}
