import { join } from 'node:path';
import { ROOT } from '../tool.ts';
import { type Measurement, measure, type Say } from './measure.ts';
import { startSubject } from './subject.ts';

/** Whole experiments on a local platform, from the request to `experiment.completed`. */
export async function benchExperiments({ times }: { times: number }, say: Say): Promise<Measurement[]> {
  const subject = await startSubject(process.execPath, [join(ROOT, 'test', 'bench', 'experiment.ts')]);
  if (typeof subject === 'string') throw new Error(`No platform to measure: ${subject}`);
  await using platform = subject;
  const measurements: Measurement[] = [];
  for (const preset of ['default', 'course']) {
    const contestant = { who: 'local platform', run: () => platform.ask(preset) };
    const what = `${preset}, POST to completed`;
    measurements.push(...(await measure({ part: 'experiment', what }, [contestant], times, say)));
  }
  return measurements;
}
