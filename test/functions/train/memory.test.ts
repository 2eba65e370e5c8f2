import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type EventOf, makeEvent } from '../../../events/define.ts';
import { SPLITS } from '../../../events/parts.ts';
import { trainingRequested } from '../../../events/registry.ts';
import { type ExperimentSpecInput, resolveModel, specSchema } from '../../../events/spec.ts';
import { generateSplit } from '../../../functions/generate/split.ts';
import { openStore } from '../../../functions/store/open.ts';
import type { Store } from '../../../functions/store/port.ts';

const PROCESS = fileURLToPath(new URL('./memory-process.ts', import.meta.url));

/** The training of a spec's first model, its dataset in the store, and how many bytes that has. */
async function requestOf(
  store: Store,
  input: ExperimentSpecInput,
): Promise<{ event: EventOf<typeof trainingRequested>; bytes: number }> {
  const spec = specSchema.parse(input);
  const files = [];
  for (const split of SPLITS) {
    const { file } = generateSplit({ spec: spec.dataset, split });
    files.push(await store.artifacts.put(file, { mediaType: 'application/vnd.apache.arrow.file', name: split }));
  }
  const [train, validation, tested] = files;
  assert.ok(train && validation && tested);
  const event = makeEvent(trainingRequested, {
    source: '/test',
    id: String(spec.dataset.trainSize),
    subject: 'memory',
    data: {
      experiment: 'memory',
      experimentName: 'memory',
      index: 0,
      count: 1,
      model: resolveModel(spec, 0),
      dataset: { dims: 2, train, validation, test: tested },
    },
  });
  return { event, bytes: train.size + validation.size + tested.size };
}

test('a training takes at most 2.2 times the bytes of its dataset, beside what the process takes without', {
  skip: process.platform === 'linux' ? false : 'the memory of a process is read as Linux tells it',
}, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'xorflow-memory-'));
  try {
    let size = 0;
    {
      await using store = await openStore(`embedded:${folder}`);
      const models = [{ name: 'm', hidden: [16] }];
      // As much work as it takes for a second thread to come up, and for the store's, which then stay.
      const small = await requestOf(store, { models, training: { epochs: 16_000 } });
      const large = await requestOf(store, { dataset: { trainSize: 10_000_000 }, models, training: { epochs: 3 } });
      await writeFile(join(folder, 'small.json'), JSON.stringify(small.event));
      await writeFile(join(folder, 'large.json'), JSON.stringify(large.event));
      size = large.bytes;
    }
    const events = ['small.json', 'large.json'].map((name) => join(folder, name));
    const { stdout } = await promisify(execFile)(process.execPath, [PROCESS, folder, ...events]);
    const { idle, highest, type } = JSON.parse(stdout);
    assert.equal(type, 'model.trained');
    const times = (highest - idle) / size;
    assert.ok(times < 2.2, `${times.toFixed(2)} times the ${size} bytes of the dataset`);
    assert.ok(times > 1, `${times.toFixed(2)} times: not even the dataset was counted`);
  } finally {
    await rm(folder, { recursive: true });
  }
});
