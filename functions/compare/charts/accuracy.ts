import { type Chart, headline, INK, type Position, SCHEMA, SIZE, type Spec } from '../../plots/theme.ts';
import { count, counted, percent } from '../../plots/wording.ts';
import { type ComparedModel, type Comparison, extremes } from '../comparison.ts';
import { GOAL } from '../curve.ts';
import { epochsOf, HEIGHT, historyLayer, historyRows, linesOf, WIDTH } from './history.ts';
import { seriesOf } from './series.ts';

/** Accuracy per epoch of all models, on an axis from 0 to 1 whatever they reach. */
export function accuracyChart(comparison: Comparison): Chart {
  const { experimentName, models } = comparison;
  const series = seriesOf(models);
  const csv = historyRows(comparison, series, ({ history }) => ({
    training: history.accuracy,
    validation: history.validationAccuracy,
  }));
  const y: Position = {
    title: 'accuracy (share of points)',
    scale: { domain: [0, 1], nice: false },
    axis: { format: '.0%', values: [0, 0.2, 0.4, 0.5, 0.6, 0.8, 1] },
  };
  const title = titleOf(models);
  const spec: Spec = {
    $schema: SCHEMA,
    title: headline(title, `${experimentName} · ${linesOf(series)}`, WIDTH),
    width: WIDTH,
    height: HEIGHT,
    layer: [
      {
        data: { values: [{}] },
        mark: { type: 'rule', color: INK.rule, strokeWidth: 1.5 },
        encoding: { y: { datum: 0.5 } },
      },
      {
        data: { values: [{}] },
        mark: { type: 'text', text: 'guessing', align: 'left', color: INK.muted, fontSize: SIZE.label },
        encoding: { x: { value: WIDTH + 6 }, y: { datum: 0.5 } },
      },
      historyLayer(csv, series, epochsOf(comparison), { y, title: 'accuracy', format: '.2%' }),
    ],
  };
  return { name: 'accuracy', title, spec };
}

function titleOf(models: readonly ComparedModel[]): string {
  const goal = percent(GOAL).replace('.0', '');
  const passed = models.filter((model) => model.history.goalEpoch !== undefined);
  const failed = models.filter((model) => model.history.goalEpoch === undefined);
  const [loser] = failed;
  if (passed.length === 0) {
    const { highest } = extremes(models, (model) => model.validation.accuracy);
    const end = `${percent(highest.validation.accuracy)} at the end`;
    return models.length === 1
      ? `${highest.name}: never past ${goal} validation accuracy in ${counted(highest.history.epochs, 'epoch')}; ${end}`
      : `No model passes ${goal} validation accuracy; ${highest.name}: ${end}`;
  }
  const epochOf = (model: ComparedModel) => model.history.goalEpoch ?? 0;
  const { lowest: first, highest: last } = extremes(passed, epochOf);
  if (models.length === 1) return `${first.name}: past ${goal} validation accuracy at epoch ${count(epochOf(first))}`;
  const lead = `${first.name}: first past ${goal} validation accuracy, at epoch ${count(epochOf(first))}`;
  if (loser && failed.length === 1) return `${lead}; ${loser.name}: ${percent(loser.validation.accuracy)} at the end`;
  if (loser) return `${lead}; ${failed.length} of ${models.length} models never get there`;
  return `${lead}; ${last.name}: last, at epoch ${count(epochOf(last))}`;
}
