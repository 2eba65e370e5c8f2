import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { makeEvent } from '../../../events/define.ts';
import { writeStructured } from '../../../events/envelope.ts';
import { toEnvelope } from '../../../events/read.ts';
import { experimentRequested } from '../../../events/registry.ts';
import { specSchema } from '../../../events/spec.ts';
import { makeFolder, type TempFolder } from '../../support/manifests.ts';
import { type Sink, startSink } from '../../support/sink.ts';

const GENERATE = fileURLToPath(new URL('../../../functions/generate/index.ts', import.meta.url));

const EVENT = writeStructured(
  toEnvelope(
    makeEvent(experimentRequested, {
      source: '/test',
      id: '1',
      subject: 'batch',
      data: specSchema.parse({ dataset: { trainSize: 50, validationSize: 10, testSize: 10 } }),
    }),
  ),
).body.toString();

function startJob(folder: TempFolder, env: Record<string, string | undefined>): ChildProcess {
  return spawn(process.execPath, [GENERATE], {
    env: {
      PATH: process.env.PATH,
      K_EXECUTION_MODE: 'batch',
      K_EVENT_PATH: folder.path,
      K_CE_OVERRIDES: '',
      XORFLOW_STORE: `embedded:${join(folder.path, 'store')}`,
      LOG_LEVEL: 'silent',
      ...env,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
}

async function runJob(event: string | undefined, env: Record<string, string | undefined>) {
  await using folder = await makeFolder(event === undefined ? {} : { event });
  const child = startJob(folder, env);
  let said = '';
  child.stderr?.on('data', (text) => (said += text));
  const [code] = await once(child, 'close');
  return { code, said };
}

const typesAt = (sink: Sink) => sink.received.map(({ attributes }) => attributes.type);

test('a Job handles the event of its file, posts what comes of it, and ends with 0', async () => {
  await using sink = await startSink();
  assert.deepEqual(await runJob(EVENT, { K_SINK: sink.url }), { code: 0, said: '' });
  assert.deepEqual(typesAt(sink), ['dataset.generated']);
  assert.equal(sink.received[0]?.attributes.subject, 'batch');
});

test('the older name of the mode means the same, and overrides go onto every event', async () => {
  await using sink = await startSink();
  const overrides = JSON.stringify({ extensions: { team: 'blue' } });
  const env = { K_EXECUTION_MODE: undefined, KNATIVE_EXECUTION_MODE: 'batch', K_CE_OVERRIDES: overrides };
  assert.equal((await runJob(EVENT, { ...env, K_SINK: sink.url })).code, 0);
  assert.equal(sink.received[0]?.attributes.team, 'blue');
});

test('a broker that is away for a moment is waited for', async () => {
  await using sink = await startSink();
  sink.statuses.push(503, 503);
  assert.equal((await runJob(EVENT, { K_SINK: sink.url })).code, 0);
  assert.deepEqual(typesAt(sink), ['dataset.generated']);
});

test('what can never work is told by the Job itself', async () => {
  await using sink = await startSink();
  const wrong = EVENT.replace('"trainSize":50', '"trainSize":-1');
  assert.equal((await runJob(wrong, { K_SINK: sink.url })).code, 0);
  assert.deepEqual(typesAt(sink), ['experiment.failed']);
});

test('without a sink, an event or an event of ours it ends with 2, as no other try can help', async () => {
  await using sink = await startSink();
  const env = { K_SINK: sink.url };
  const cases: [Awaited<ReturnType<typeof runJob>>, RegExp][] = [
    [await runJob(EVENT, { K_SINK: '' }), /^generate: Missing K_SINK: expected the address of the broker/],
    [await runJob(undefined, env), /^generate: Wrong event in .*event: cannot be read/],
    [await runJob('{', env), /^generate: Wrong event in .*event: /],
    [
      await runJob(EVENT.replace('experiment.requested', 'model.trained'), env),
      /^generate: Wrong type model.trained: expected one of experiment.requested/,
    ],
  ];
  for (const [{ code, said }, sentence] of cases) {
    assert.equal(code, 2, said);
    assert.match(said, sentence);
  }
  assert.deepEqual(typesAt(sink), []);
});

test('a store that is away ends it with 1, so that it is tried again', async () => {
  await using sink = await startSink();
  const { code, said } = await runJob(EVENT, { K_SINK: sink.url, XORFLOW_STORE: 'embedded:/proc/nowhere' });
  assert.equal(code, 1);
  assert.match(said, /^generate: Cannot open the store/);
});

test('SIGTERM ends it with 143, and nothing is posted any more', async () => {
  await using sink = await startSink();
  await using folder = await makeFolder({ event: EVENT });
  sink.answer = 503;
  sink.statuses.push(503);
  const child = startJob(folder, { K_SINK: sink.url });
  // From its first try on it waits for the broker to be well again.
  while (sink.statuses.length > 0) await sleep(20);
  child.kill('SIGTERM');
  const [code] = await once(child, 'close');
  assert.equal(code, 143);
  assert.deepEqual(typesAt(sink), []);
});
