import { availableParallelism } from 'node:os';
import type { DatasetSpec } from '../../events/spec.ts';
import { makePoints } from '../dataset/xor.ts';
import { serveTasks, type TaskContext } from '../host/tasks.ts';
import type { EpochMetrics, TrainingData } from './engines/engine.ts';
import { selectEngine } from './engines/select.ts';
import { isReported, reportedMetrics, type TimedMetrics } from './lines.ts';
import { makeWatch } from './stopping.ts';
import { readSplits, type TrainingInput, train } from './training.ts';
import type { TrialInput, TrialResult } from './trial.ts';

/** Epochs are sent in batches, at most this often (milliseconds): a message costs more than a short epoch. */
const SEND_EVERY_MS = 200;

const cpus = availableParallelism();

// What fails here fails again, and is told, where the first training asks for it.
await selectEngine('auto').catch(() => undefined);

serveTasks({
  async train(input: TrainingInput, context) {
    const { model, dims } = input;
    const { epochs, engine } = model.training;
    const reporter = makeReporter(epochs, context);
    const points = readSplits(input);
    const work = { dims, points: points.train.size, model };
    const result = train(points, model, await selectEngine(engine, work), reporter.epoch, () => cpus / context.busy());
    reporter.flush();
    return result;
  },

  async trial({ dataset, model, objective, stopRules }: TrialInput, context): Promise<TrialResult> {
    const { epochs, engine } = model.training;
    const reporter = makeReporter(epochs, context);
    const watch = makeWatch(stopRules, objective);
    const points = pointsOf(dataset);
    const { train: run } = await selectEngine(engine, { dims: dataset.dims, points: points.train.size, model });
    const started = performance.now();
    const durationMs = () => performance.now() - started;
    try {
      const onEpoch = (metrics: EpochMetrics) => {
        if (!reporter.epoch(metrics)) return;
        const rule = watch.report(reportedMetrics(metrics));
        // The last report is the end in any case.
        if (rule && metrics.epoch < epochs) throw new Stopped(rule);
      };
      const isJudged = (epoch: number) => isReported(epoch, epochs);
      run(points, model, onEpoch, () => cpus / context.busy(), isJudged);
      return { durationMs: durationMs() };
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      return { stopped: error.rule, durationMs: durationMs() };
    } finally {
      reporter.flush();
    }
  },
});

class Stopped extends Error {
  readonly rule;

  constructor(rule: NonNullable<TrialResult['stopped']>) {
    super('Stopped early');
    this.rule = rule;
  }
}

/** Sends the epochs that are reported. */
function makeReporter(epochs: number, { send, cancelled }: TaskContext) {
  const rows: TimedMetrics[] = [];
  let sent = Date.now();
  const flush = (time = 0) => {
    if (rows.length > 0) send(rows.splice(0));
    sent = time;
  };
  return {
    flush,
    /** Takes one epoch; whether it is one that is reported. */
    epoch(metrics: EpochMetrics): boolean {
      if (cancelled()) throw new DOMException('The training was cancelled', 'AbortError');
      if (!isReported(metrics.epoch, epochs)) return false;
      const time = Date.now();
      rows.push({ time, metrics });
      if (time - sent >= SEND_EVERY_MS) flush(time);
      return true;
    },
  };
}

let kept: { readonly key: string; readonly points: TrainingData } | undefined;

/** The points of a trial; those of the last one are kept, as the trials of a search have the same. */
function pointsOf(dataset: DatasetSpec): TrainingData {
  const key = JSON.stringify(dataset);
  if (kept?.key !== key) {
    kept = undefined;
    kept = { key, points: { train: makePoints(dataset, 'train'), validation: makePoints(dataset, 'validation') } };
  }
  return kept.points;
}
