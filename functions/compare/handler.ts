import { type DataOf, type EventDefinition, type EventOf, makeEvent } from '../../events/define.ts';
import { derive, keyOf } from '../../events/ids.ts';
import { experimentCompleted, modelsCompared, type modelTrained, type samplesPlotted } from '../../events/registry.ts';
import type { Deps } from '../host/function.ts';
import { LOG } from '../store/port.ts';
import { type Progress, progressOf, type Training } from './progress.ts';

export const SOURCE = '/xorflow/compare';

/** What the experiment's trainings come to: the data of `models.compared`. */
export type Compare = (trainings: readonly Training[], deps: Deps) => Promise<DataOf<typeof modelsCompared>>;

/**
 * Joins the models and the plots of an experiment: records the event, and when with it everything is there, compares
 * the models and completes the experiment. Whichever event is the last and however often it comes, the ids and data of
 * the result are the same, as they depend on the experiment alone: two instances that both see the last event, or one
 * that dies before it has said so, do no harm.
 */
export async function joinAndCompare(
  event: EventOf<typeof modelTrained> | EventOf<typeof samplesPlotted>,
  deps: Deps,
  compare: Compare,
): Promise<readonly (EventOf<typeof modelsCompared> | EventOf<typeof experimentCompleted>)[]> {
  if (!event.data) return [];
  const { experiment } = event.data;
  const { logs } = deps.store;
  await logs.append(LOG.events(experiment), [{ key: keyOf(event), value: JSON.stringify(event) }]);
  const progress = progressOf(await logs.read(LOG.events(experiment)));
  if (progress.isOver || !progress.isTrained) return [];
  // Only what has gone through the broker is in the log (the gateway put it there): what is missing may never have been
  // sent, and is sent again.
  const compared = progress.compared ?? (await compare(progress.trainings, deps));
  const results = [];
  if (!progress.compared) results.push(made(modelsCompared, experiment, compared));
  const completed = completionOf(progress, compared);
  if (completed) results.push(made(experimentCompleted, experiment, completed));
  return results;
}

/** The summary, when nothing is missing: two-dimensional datasets are complete with the plots of their points. */
function completionOf(
  { trainings, samples }: Progress,
  compared: DataOf<typeof modelsCompared>,
): DataOf<typeof experimentCompleted> | undefined {
  const [first] = trainings;
  if (!first || (first.dataset.dims === 2 && !samples)) return undefined;
  return {
    experiment: first.experiment,
    experimentName: first.experimentName,
    dataset: first.dataset,
    models: compared.models,
    plots: [...(samples?.plots ?? []), ...compared.plots],
  };
}

function made<D extends EventDefinition>(definition: D, experiment: string, data: DataOf<D>): EventOf<D> {
  return makeEvent(definition, {
    source: SOURCE,
    id: derive(SOURCE, experiment, definition.type),
    subject: experiment,
    data,
  });
}
