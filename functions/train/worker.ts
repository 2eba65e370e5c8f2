import { availableParallelism } from 'node:os';
import { serveTasks } from '../host/tasks.ts';
import { selectEngine } from './engines/select.ts';
import { isReported, type TimedMetrics } from './lines.ts';
import { readSplits, type TrainingInput, train } from './training.ts';

/** Epochs are sent in batches, at most this often (milliseconds): a message costs more than a short epoch. */
const SEND_EVERY_MS = 200;

const cpus = availableParallelism();

// What fails here fails again, and is told, where the first training asks for it.
await selectEngine('auto').catch(() => undefined);

serveTasks({
  async train(input: TrainingInput, { send, cancelled, busy }) {
    const { model, dims } = input;
    const { epochs, engine } = model.training;
    const rows: TimedMetrics[] = [];
    let sent = 0;
    const flush = (time: number) => {
      if (rows.length > 0) send(rows.splice(0));
      sent = time;
    };
    const points = readSplits(input);
    const result = train(
      points,
      model,
      await selectEngine(engine, { dims, points: points.train.size, model }),
      (metrics) => {
        if (cancelled()) throw new DOMException('The training was cancelled', 'AbortError');
        if (!isReported(metrics.epoch, epochs)) return;
        const time = Date.now();
        rows.push({ time, metrics });
        if (time - sent >= SEND_EVERY_MS) flush(time);
      },
      () => cpus / busy(),
    );
    flush(0);
    return result;
  },
});
