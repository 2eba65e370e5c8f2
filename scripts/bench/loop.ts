import { join } from 'node:path';
import { ROOT } from '../tool.ts';
import { type Measurement, measure, type Say } from './measure.ts';
import { startSubject } from './subject.ts';

/** How long the event loop of a function waits at most while it trains as many models as it can. */
export async function benchLoop({ times }: { times: number }, say: Say): Promise<Measurement[]> {
  const subject = await startSubject(process.execPath, [join(ROOT, 'test', 'bench', 'loop.ts')]);
  if (typeof subject === 'string') throw new Error(`No function to measure: ${subject}`);
  await using trainer = subject;
  const measurements: Measurement[] = [];
  for (const points of [10_000, 1_000_000]) {
    const contestant = { who: 'train, longest delay', run: () => trainer.ask(String(points)) };
    measurements.push(
      ...(await measure({ part: 'loop', what: `3 models, ${points} points` }, [contestant], times, say)),
    );
  }
  return measurements;
}
