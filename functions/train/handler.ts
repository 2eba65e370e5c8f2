import { derivedId, type EventOf, makeEvent } from '../../events/define.ts';
import { MEDIA } from '../../events/descriptor.ts';
import { experimentIdOf, keyOf } from '../../events/ids.ts';
import { eventFromJson } from '../../events/read.ts';
import { type datasetGenerated, modelTrained, trainingRequested } from '../../events/registry.ts';
import { resolveModel, slug } from '../../events/spec.ts';
import type { Deps } from '../host/function.ts';
import type { Pool } from '../host/pool.ts';
import { LOG } from '../store/port.ts';
import { makeLineWriter } from './line-writer.ts';
import type { TimedMetrics } from './lines.ts';
import { readJobLimit, tierOf } from './tier.ts';
import type { TrainingInput, TrainingResult } from './training.ts';

export const SOURCE = '/xorflow/train';

/** Asks for the training of each model of an experiment: short ones of the Service, long ones as Jobs. */
export function requestTrainings(
  event: EventOf<typeof datasetGenerated>,
  { env }: Pick<Deps, 'env'>,
): readonly EventOf<typeof trainingRequested>[] {
  const { data } = event;
  if (!data) return [];
  const { spec, dataset } = data;
  const experiment = experimentIdOf(event);
  const limit = readJobLimit(env);
  return spec.models.map((_, index) => {
    const model = resolveModel(spec, index);
    return makeEvent(trainingRequested, {
      source: SOURCE,
      id: derivedId(event, trainingRequested, index),
      subject: experiment,
      extensions: { tier: tierOf(spec.dataset, model, limit) },
      data: { experiment, experimentName: spec.name, index, count: spec.models.length, model, dataset },
    });
  });
}

/**
 * Trains one model, or gives the event that its training brought about before.
 *
 * @throws RejectedError `DIVERGED`, `NOT_FOUND`, `CORRUPT_ARTIFACT`, `ENGINE_MISSING`
 */
export async function trainModel(
  event: EventOf<typeof trainingRequested>,
  deps: Deps,
  pool: Pool,
): Promise<readonly EventOf<typeof modelTrained>[]> {
  const { data } = event;
  if (!data) return [];
  const id = derivedId(event, modelTrained);
  const logged = await findTrained(deps, data.experiment, id);
  if (logged) return [logged];
  const { model, dataset } = data;
  const [train, validation, test] = await Promise.all(
    [dataset.train, dataset.validation, dataset.test].map(({ digest }) => deps.store.artifacts.get(digest)),
  );
  if (!train || !validation || !test) return [];
  const input: TrainingInput = { model, dims: dataset.dims, files: { train, validation, test } };
  const transfer = [train, validation, test].flatMap(({ buffer, byteLength }) =>
    // A small file may lie in a buffer with others.
    buffer instanceof ArrayBuffer && buffer.byteLength === byteLength ? [buffer] : [],
  );
  const lines = makeLineWriter(deps, data.experiment, `${data.experiment}/${slug(model.name)}`, event.id);
  const result = await pool.run<TrainingResult>('train', input, {
    signal: deps.signal,
    transfer,
    onMessage: (rows) => lines.write(rows as readonly TimedMetrics[]),
  });
  await lines.written();
  const { files, ...outcome } = result;
  const { artifacts } = deps.store;
  const [modelFile, weights, history] = await Promise.all([
    artifacts.put(files.model, { mediaType: MEDIA.layersModel, name: 'model.json' }),
    artifacts.put(files.weights, { mediaType: MEDIA.weights, name: 'weights.bin' }),
    artifacts.put(files.history, { mediaType: MEDIA.arrow, name: 'history.arrow' }),
  ]);
  return [
    makeEvent(modelTrained, {
      source: SOURCE,
      id,
      subject: data.experiment,
      data: { ...data, weights: { model: modelFile, weights }, history, ...outcome },
    }),
  ];
}

async function findTrained(
  deps: Deps,
  experiment: string,
  id: string,
): Promise<EventOf<typeof modelTrained> | undefined> {
  const entry = await deps.store.logs.find(LOG.events(experiment), keyOf({ source: SOURCE, id }));
  const event = entry && eventFromJson(entry.value);
  return event?.type === 'model.trained' ? event : undefined;
}
