import type { Position } from '../../plots/theme.ts';
import { logTicks, roundNumbers, short } from '../scales.ts';
import { judged, type Search } from '../search.ts';
import { metricTitle } from '../wording.ts';

type ValueAxis = Pick<Extract<Position, { axis?: unknown }>, 'title' | 'scale' | 'axis'>;

/** A logarithmic axis from this ratio of the highest to the lowest value on. */
const WIDE = 20;
/** Shares of the height: beyond the best value for its label, beyond the worst, and for failed trials at the bottom. */
const ROOM = { best: 0.12, worst: 0.05, failed: 0.12 };

/** The axis of the objective: room for what failed at the bottom, and for the label of the best value. */
export function valueAxis(search: Search): ValueAxis {
  const { objective, trials } = search;
  const values = judged(search).map(({ value }) => value);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const title = objective ? metricTitle(objective.metric) : null;
  if (values.length === 0) {
    return { title, scale: { domain: [0, 1] }, axis: { labels: false, ticks: false, grid: false } };
  }
  const isDown = objective?.type === 'minimize';
  const [below, above] = isDown ? [ROOM.best, ROOM.worst] : [ROOM.worst, ROOM.best];
  const bottom = trials.some(({ status }) => status === 'failed') ? ROOM.failed : 0;
  const isPossible = (tick: number) => tick >= 0 && (objective?.metric.endsWith('loss') === true || tick <= 1);
  if (low > 0 && high / low >= WIDE) {
    const ratio = high / low;
    const top = high * ratio ** above;
    return {
      title: `${title}, logarithmic`,
      scale: { type: 'log', domain: [short(low / ratio ** (below + bottom)), short(top)], nice: false },
      axis: { format: '~g', values: logTicks(low / ratio ** below, top).filter(isPossible) },
    };
  }
  const span = high - low || Math.max(Math.abs(high), 1e-3) / 5;
  const top = high + span * above;
  return {
    title,
    scale: { domain: [short(low - span * (below + bottom)), short(top)], nice: false, zero: false },
    axis: { format: '~g', values: roundNumbers(low - span * below, top).filter(isPossible) },
  };
}
