import { derivedId, type EventOf, makeEvent } from '../../events/define.ts';
import { writeStructured } from '../../events/envelope.ts';
import { keyOf } from '../../events/ids.ts';
import type { Plot } from '../../events/parts.ts';
import { eventFromJson, toEnvelope } from '../../events/read.ts';
import { type trialCompleted, trialsPlotted } from '../../events/registry.ts';
import type { Deps } from '../host/function.ts';
import { LOG } from '../store/port.ts';
import { isFirstInWindow, isLast, type Pause } from './quiet.ts';
import { type Search, searchOf } from './search.ts';

export const SOURCE = '/xorflow/trials';

/** Draws a search that has at least one trial. */
export type Draw = (search: Search, deps: Deps) => Promise<readonly Plot[]>;

/**
 * Draws the search as it was when a trial ended: what the log holds up to that trial's event, whatever has come since,
 * so that one event always brings about one and the same drawing.
 *
 * Trials may end every few milliseconds, and a drawing takes far longer. So an event is drawn only where no other trial
 * ends within a quiet time after it; and where a search is never quiet, the first trial that ends in each
 * ten seconds is. The last trial of a search always is.
 *
 * @throws TransientError when the function shuts down while it waits: the event is to be delivered again
 */
export async function plotTrials(
  event: EventOf<typeof trialCompleted>,
  deps: Deps,
  { draw, pause }: { draw: Draw; pause: Pause },
): Promise<readonly EventOf<typeof trialsPlotted>[]> {
  if (!event.data) return [];
  const { experiment } = event.data;
  const { logs } = deps.store;
  const log = LOG.search(experiment);
  const [entry] = await logs.append(log, [
    { key: keyOf(event), value: writeStructured(toEnvelope(event)).body.toString() },
  ]);
  const position = entry?.position ?? 0;
  const id = derivedId(event, trialsPlotted);
  const drawn = await logs.find(log, keyOf({ source: SOURCE, id }));
  const known = drawn && eventFromJson(drawn.value);
  if (known?.type === trialsPlotted.type) return [known];
  const place = { logs, log, position };
  if (!(await isFirstInWindow(place)) && !(await isLast(place, deps, pause))) return [];
  const search = searchOf(experiment, await logs.read(log, 0, position));
  const plots = [...(await draw(search, deps))];
  return [
    makeEvent(trialsPlotted, {
      source: SOURCE,
      id,
      subject: experiment,
      data: { experiment, trials: search.trials.length, plots },
      extensions: { experiment },
    }),
  ];
}
