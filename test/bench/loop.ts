/** The event loop of a function that trains, for `npm run bench`: each line is a number of points. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { makeEvent } from '../../events/define.ts';
import { MEDIA } from '../../events/descriptor.ts';
import { trainingRequested } from '../../events/registry.ts';
import { resolveModel, specSchema } from '../../events/spec.ts';
import { generateSplit } from '../../functions/generate/split.ts';
import { openStore } from '../../functions/store/open.ts';
import { definition } from '../../functions/train/index.ts';
import { makeTestDeps } from '../support/deps.ts';
import { answer } from './answer.ts';

const folder = await mkdtemp(join(tmpdir(), 'xorflow-bench-'));
process.once('SIGTERM', () => void rm(folder, { recursive: true, force: true }).then(() => process.exit(0)));
const store = await openStore(`embedded:${folder}`);
const deps = await makeTestDeps({ definition, store });
let trainings = 0;

await answer('a function over a store on disk', async (line) => {
  const trainSize = Number(line);
  const spec = specSchema.parse({
    dataset: { trainSize },
    models: [[16, 16], [16, 16, 16], [16]].map((hidden, index) => ({ name: `m${index}`, hidden })),
    training: { epochs: Math.max(10, 10_000_000 / trainSize) },
  });
  const put = async (split: 'train' | 'validation' | 'test') =>
    store.artifacts.put(generateSplit({ spec: spec.dataset, split }).file, { mediaType: MEDIA.arrow, name: split });
  const dataset = { dims: 2, train: await put('train'), validation: await put('validation'), test: await put('test') };
  const experiment = `bench-${++trainings}`;
  const requests = spec.models.map((_, index) =>
    makeEvent(trainingRequested, {
      source: '/bench',
      id: `${experiment}-${index}`,
      subject: experiment,
      data: { experiment, experimentName: 'bench', index, count: 3, model: resolveModel(spec, index), dataset },
    }),
  );
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await Promise.all(requests.map((request) => definition.handle(request, deps)));
  delay.disable();
  return { ms: delay.max / 1e6, outcome: `99 %: ${(delay.percentile(99) / 1e6).toFixed(1)} ms` };
});
