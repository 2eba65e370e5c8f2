import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { resolveModel, specSchema } from '../../events/spec.ts';
import { estimateMs } from '../../functions/train/engines/cost.ts';
import { ROOT } from '../tool.ts';
import { type Measurement, measure, type Say } from './measure.ts';
import { type Subject, startSubject } from './subject.ts';

/** `dims`, widths, points, batch size, epochs: some tenths of a second each. */
const GRID = [
  [2, [16], 10_000, 'full', 200],
  [2, [64, 64], 10_000, 'full', 20],
  [2, [256, 256], 10_000, 'full', 4],
  [2, [512, 512], 10_000, 'full', 2],
  [2, [1024, 1024], 4_000, 'full', 2],
  [2, [1024], 10_000, 'full', 10],
  [10, [128, 128, 128], 10_000, 'full', 5],
  [10, [512, 512, 512], 100_000, 'full', 1],
  [10, [512, 512, 512], 10_000, 1024, 2],
  [10, [512, 512, 512], 10_000, 64, 1],
  [64, [64], 10_000, 'full', 20],
  [64, [256, 256], 10_000, 'full', 4],
  [64, [1024], 10_000, 'full', 4],
] as const;

const ENGINE = join(ROOT, 'test', 'bench', 'engine.ts');
const CPUS = availableParallelism();

/** The engines, what `engines/cost.ts` estimates them by, and how they are started. */
const CONTESTANTS = [
  { who: 'engine fused', cost: 'fused', args: ['fused', 'any', String(CPUS)] },
  { who: 'engine tensorflow, native', cost: 'native', args: ['tensorflow', 'native', String(CPUS)] },
  { who: 'engine tensorflow, WASM', cost: 'wasm', args: ['tensorflow', 'wasm', '1'] },
] as const;

/** What the estimates by which `auto` takes an engine are made of: trainings of many shapes, by each engine. */
export async function benchCosts({ times }: { times: number }, say: Say): Promise<Measurement[]> {
  await using stack = new AsyncDisposableStack();
  const subjects: { contestant: (typeof CONTESTANTS)[number]; subject: Subject }[] = [];
  for (const contestant of CONTESTANTS) {
    const subject = await startSubject(process.execPath, [ENGINE, ...contestant.args]);
    if (typeof subject === 'string') say(`cost: without ${contestant.who}: ${subject}`);
    else subjects.push({ contestant, subject: stack.use(subject) });
  }
  const measurements: Measurement[] = [];
  for (const [dims, hidden, points, batchSize, epochs] of GRID) {
    const spec = specSchema.parse({ models: [{ name: 'm', hidden: [...hidden] }], training: { epochs, batchSize } });
    const work = { dims, points, model: resolveModel(spec, 0) };
    const what = `[${[dims, ...hidden, 1]}] x ${epochs}, ${points} points${batchSize === 'full' ? '' : ` by ${batchSize}`}`;
    const batch = batchSize === 'full' ? points : batchSize;
    const line = [dims, epochs, points, 1_000, 0.01, 42, ...hidden, `batch=${batch}`].join(' ');
    const contestants = subjects.map(({ contestant: { who, cost }, subject }) => ({
      who,
      run: async () => ({
        ms: (await subject.ask(line)).ms,
        outcome: `estimated ${estimateMs(cost, work, CPUS).toFixed(0)}`,
      }),
    }));
    measurements.push(...(await measure({ part: 'cost', what }, contestants, times, say)));
  }
  return measurements;
}
