import { derivedId, type EventOf, makeEvent } from '../../events/define.ts';
import type { Descriptor } from '../../events/descriptor.ts';
import { experimentIdOf } from '../../events/ids.ts';
import { type datasetGenerated, samplesPlotted } from '../../events/registry.ts';
import { decodePoints } from '../dataset/arrow.ts';
import type { Deps } from '../host/function.ts';
import { renderPlot } from '../plots/renderer.ts';
import { scatterChart } from './scatter.ts';

export const SOURCE = '/xorflow/scatter';

/** Draws the train and the test points. Which datasets can be drawn is for the Trigger's filter to say. */
export async function plotSamples(
  event: EventOf<typeof datasetGenerated>,
  deps: Deps,
): Promise<readonly EventOf<typeof samplesPlotted>[]> {
  const { data } = event;
  if (!data) return [];
  const plot = async (split: 'train' | 'test', { digest }: Descriptor) => {
    const points = decodePoints(await deps.store.artifacts.get(digest));
    return renderPlot(deps.store, scatterChart({ experimentName: data.spec.name, split, points }), deps.signal);
  };
  const plots = await Promise.all([plot('train', data.dataset.train), plot('test', data.dataset.test)]);
  const experiment = experimentIdOf(event);
  return [
    makeEvent(samplesPlotted, {
      source: SOURCE,
      id: derivedId(event, samplesPlotted),
      subject: experiment,
      data: { experiment, plots },
    }),
  ];
}
