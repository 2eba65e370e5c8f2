import { type Chart, headline, type Position, SCHEMA, type Spec } from '../../plots/theme.ts';
import { counted, every, significant } from '../../plots/wording.ts';
import { type ComparedModel, type Comparison, extremes } from '../comparison.ts';
import { epochsOf, HEIGHT, historyLayer, historyRows, linesOf, WIDTH } from './history.ts';
import { seriesOf } from './series.ts';

/** A loss of 0 has no place on a logarithmic axis; float32 losses under this are rounding. */
const FLOOR = 1e-8;
/** A logarithmic axis from this ratio of the highest to the lowest loss on. */
const WIDE = 5;

/** Loss per epoch of all models, on a logarithmic axis where the losses span some. */
export function lossChart(comparison: Comparison): Chart {
  const { experimentName, models } = comparison;
  const series = seriesOf(models);
  const curvesOf = ({ history }: ComparedModel) => ({ training: history.loss, validation: history.validationLoss });
  let lowest = Number.POSITIVE_INFINITY;
  let highest = FLOOR;
  for (const model of models) {
    for (const { values } of Object.values(curvesOf(model))) {
      for (const value of values) {
        lowest = Math.min(lowest, Math.max(FLOOR, value));
        highest = Math.max(highest, value);
      }
    }
  }
  const isWide = highest / lowest >= WIDE;
  const y: Position = {
    title: `binary cross-entropy (nats${isWide ? ', logarithmic' : ''})`,
    scale: isWide ? { type: 'log', domain: [lowest * 0.9, highest * 1.1], nice: false } : { zero: true },
    axis: isWide ? { values: ticks(lowest * 0.9, highest * 1.1), format: '~g' } : { format: '~g' },
  };
  const csv = historyRows(comparison, series, curvesOf, isWide ? (value) => Math.max(FLOOR, value) : undefined);
  const title = titleOf(comparison);
  const spec: Spec = {
    $schema: SCHEMA,
    title: headline(title, `${experimentName} · ${linesOf(series)}`, WIDTH),
    width: WIDTH,
    height: HEIGHT,
    layer: [historyLayer(csv, series, epochsOf(comparison), { y, title: 'loss (nats)', format: '.4~g' })],
  };
  return { name: 'loss', title, spec };
}

function titleOf({ models }: Comparison): string {
  const { highest: worst, lowest: best } = extremes(models, (model) => model.validation.loss);
  const reached = significant(best.validation.loss);
  if (models.length === 1) {
    return `${best.name}: a validation loss of ${reached} after ${counted(best.history.epochs, 'epoch')}`;
  }
  const guessing = Math.abs(worst.validation.loss - Math.LN2) < 0.02 ? ', the loss of guessing' : '';
  if (best === worst) return `${every(models.length, 'model')} end at a validation loss of ${reached}${guessing}`;
  return `${best.name}: the lowest validation loss, ${reached}; ${worst.name}: ${significant(worst.validation.loss)}${guessing}`;
}

/** 1, 2 and 5 of every power of ten; the powers alone where these are many. */
function ticks(low: number, high: number): number[] {
  const powers = Array.from({ length: 24 }, (_, index) => index - 12);
  const decades = Math.log10(high / low);
  const steps = decades > 2.5 ? [1] : [1, 2, 5];
  return powers
    .flatMap((power) => steps.map((step) => Number(`${step}e${power}`)))
    .filter((tick) => tick >= low && tick <= high);
}
