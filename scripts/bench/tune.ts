import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../tool.ts';
import { type Measurement, measure, type Say } from './measure.ts';
import { type Subject, startSubject } from './subject.ts';

/** A search over [2, hidden, 1] in full batches of 10000 points, judged by the accuracy on 1000 others. */
const SEARCH = {
  trials: 40,
  epochs: 200,
  points: 10_000,
  validation: 1_000,
  rates: [0.001, 0.3],
  units: [2, 16],
  seed: 42,
};

/** Before each of them, not measured: short searches for so long, but not more of them. */
const WAKING = { trials: 10, ms: 1_000, most: 5 };

const BENCH = join(ROOT, 'test', 'bench');

/** A whole search by the local tuner; with peers, by Optuna over trainings in PyTorch, in turn with ours. */
export async function benchTuning(
  { times, peers, epochs = SEARCH.epochs }: { times: number; peers: boolean; epochs: number | undefined },
  say: Say,
): Promise<Measurement[]> {
  await using stack = new AsyncDisposableStack();
  const subjects: { who: string; subject: Subject }[] = [];
  const add = async (who: string, starting: Promise<Subject | string>) => {
    const subject = await starting;
    if (typeof subject === 'string') return say(`tune: without ${who}: ${subject}`);
    subjects.push({ who, subject: stack.use(subject) });
    say(`tune: ${who}: ${subject.description}`);
  };
  await add('local tuner', startSubject(process.execPath, [join(BENCH, 'tune.ts')]));
  if (peers) {
    const cores = availableParallelism();
    await add('peer Optuna, one by one', startOptuna('threads', 1, 1));
    if (cores > 1) {
      await add(`peer Optuna, one by one on ${cores} cores`, startOptuna('threads', 1, cores));
      await add(`peer Optuna, ${cores} threads`, startOptuna('threads', cores, 1));
      await add(`peer Optuna, ${cores} processes`, startOptuna('processes', cores, 1));
    }
  }
  const search = (trials: number) =>
    [trials, epochs, SEARCH.points, SEARCH.validation, ...SEARCH.rates, ...SEARCH.units, SEARCH.seed].join(' ');
  const contestants = subjects.map(({ who, subject }) => ({
    who,
    run: async () => {
      // While the others had their turns, who waited has lost caches and memory: what it takes to wake up is not the search.
      for (let left = WAKING.ms, times = 0; left > 0 && times < WAKING.most; times++) {
        left -= (await subject.ask(search(WAKING.trials))).ms;
      }
      return subject.ask(search(SEARCH.trials));
    },
  }));
  const what = `${SEARCH.trials} trials of [2,h,1] x ${epochs} epochs`;
  // Awaited here: what it measures ends with this function.
  return await measure({ part: 'tune', what }, contestants, times, say);
}

/** `PYTHON` names the one that has optuna and torch. */
function startOptuna(kind: 'threads' | 'processes', jobs: number, threads: number): Promise<Subject | string> {
  const script = join(BENCH, 'peers', 'optuna_search.py');
  const args = [script, kind, String(jobs)];
  return startSubject(process.env.PYTHON ?? 'python3', args, { OMP_NUM_THREADS: String(threads) });
}
