import { derivedId, type EventOf, makeEvent } from '../../events/define.ts';
import { type Descriptor, MEDIA } from '../../events/descriptor.ts';
import { experimentIdOf, keyOf } from '../../events/ids.ts';
import { eventFromJson } from '../../events/read.ts';
import { datasetGenerated, experimentRequested } from '../../events/registry.ts';
import type { DatasetSpec } from '../../events/spec.ts';
import { assertFits } from '../dataset/memory.ts';
import { type Split, sizeOf } from '../dataset/xor.ts';
import type { Deps } from '../host/function.ts';
import type { Pool } from '../host/pool.ts';
import { LOG } from '../store/port.ts';
import { type GeneratedSplit, generateSplit } from './split.ts';

const SOURCE = '/xorflow/generate';

/** Coordinates up to which a split is generated on the event loop: some 40 ms at most, where starting a thread takes 200. */
const INLINE_VALUES = 1_000_000;

/**
 * Generates the train, validation and test points of an experiment.
 *
 * @param pool gives the threads for large splits
 * @throws RejectedError `INSUFFICIENT_MEMORY`
 */
export async function generateDataset(
  event: EventOf<typeof experimentRequested>,
  deps: Deps,
  pool: () => Pool,
): Promise<readonly EventOf<typeof datasetGenerated>[]> {
  const spec = event.data;
  if (!spec) return [];
  const experiment = experimentIdOf(event);
  if (!(await isFirst(event, experiment, deps))) {
    deps.log.warn({ experiment, source: event.source, id: event.id }, 'the experiment was requested before');
    return [];
  }
  assertFits(spec);
  const { dims } = spec.dataset;
  // One after the other: together they would need the memory of all.
  const train = await store(spec.dataset, 'train', deps, pool);
  const validation = await store(spec.dataset, 'validation', deps, pool);
  const test = await store(spec.dataset, 'test', deps, pool);
  return [
    makeEvent(datasetGenerated, {
      source: SOURCE,
      id: derivedId(event, datasetGenerated),
      subject: experiment,
      extensions: { dims: String(dims) },
      data: {
        spec,
        dataset: { dims, train: train.descriptor, validation: validation.descriptor, test: test.descriptor },
        balance: { train: train.balance, validation: validation.balance, test: test.balance },
      },
    }),
  ];
}

/** Whether no other request has begun this experiment: its log has the first one, and nothing changes a log. */
async function isFirst(event: EventOf<typeof experimentRequested>, experiment: string, deps: Deps): Promise<boolean> {
  const key = keyOf(event);
  const log = LOG.events(experiment);
  await deps.store.logs.append(log, [{ key, value: JSON.stringify(event) }]);
  const entries = await deps.store.logs.read(log);
  return entries.find(({ value }) => eventFromJson(value)?.type === experimentRequested.type)?.key === key;
}

async function store(
  spec: DatasetSpec,
  split: Split,
  deps: Deps,
  pool: () => Pool,
): Promise<{ descriptor: Descriptor; balance: GeneratedSplit['balance'] }> {
  const input = { spec, split };
  const { file, balance } =
    spec.dims * sizeOf(spec, split) <= INLINE_VALUES
      ? generateSplit(input)
      : await pool().run<GeneratedSplit>('generateSplit', input, { signal: deps.signal });
  return {
    descriptor: await deps.store.artifacts.put(file, { mediaType: MEDIA.arrow, name: `${split}.arrow` }),
    balance,
  };
}
