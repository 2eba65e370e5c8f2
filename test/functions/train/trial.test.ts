import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DataOf, type EventOf, makeEvent } from '../../../events/define.ts';
import { writeStructured } from '../../../events/envelope.ts';
import { keyOf } from '../../../events/ids.ts';
import { toEnvelope } from '../../../events/read.ts';
import { type KnownEvent, trialCancelled, type trialCompleted, trialRequested } from '../../../events/registry.ts';
import { specSchema } from '../../../events/spec.ts';
import { LOG } from '../../../functions/store/port.ts';
import { definition } from '../../../functions/train/index.ts';
import { makeTestDeps, type TestDeps } from '../../support/deps.ts';

type Request = DataOf<typeof trialRequested>;

const NAME = 'xor-a';
const { training } = specSchema.parse({ training: { epochs: 100, learningRate: 0.05 } });
const { dataset } = specSchema.parse({ dataset: { trainSize: 300, validationSize: 100 } });

function request(changes: Partial<Request> = {}, id = NAME): EventOf<typeof trialRequested> {
  const data: Request = {
    experiment: 'xor',
    index: 3,
    assignments: { learning_rate: '0.05', hidden: '8' },
    objective: { metric: 'validation_accuracy', type: 'maximize' },
    stopRules: [],
    dataset,
    model: { name: 'trial', hidden: [8], activation: 'tanh', training },
    deadlineMs: 60_000,
    ...changes,
  };
  return makeEvent(trialRequested, { source: '/test', id, subject: NAME, data });
}

async function completed(deps: TestDeps, event: KnownEvent): Promise<EventOf<typeof trialCompleted>> {
  const [first, ...others] = await definition.handle(event, deps);
  assert.equal(others.length, 0);
  assert.ok(first?.type === 'trial.completed' && first.data);
  return first;
}

function record(deps: TestDeps, event: KnownEvent) {
  const value = writeStructured(toEnvelope(event)).body.toString();
  return deps.store.logs.append(LOG.events(NAME), [{ key: keyOf(event), value }]);
}

const LINE =
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z trial\/xor-a epoch=(\d+) loss=[\d.e-]+ accuracy=[\d.e-]+ validation_loss=[\d.e-]+ validation_accuracy=([\d.e-]+)$/;

test('a trial is trained, printed as Katib reads it, and completed with what its last line says', async () => {
  await using deps = await makeTestDeps({ definition });
  const { data, subject } = await completed(deps, request());
  assert.equal(subject, NAME);
  assert.ok(data?.status === 'succeeded');
  assert.equal(deps.lines.length, 50);
  for (const line of deps.lines) assert.match(line, LINE);
  const [, epoch, value] = LINE.exec(deps.lines.at(-1) ?? '') ?? [];
  assert.equal(epoch, '100');
  assert.deepEqual(data.objective, { metric: 'validation_accuracy', type: 'maximize', value: Number(value) });
  assert.equal(data.metrics.validation_accuracy, Number(value));
  assert.ok(data.objective.value > 0.9, `${data.objective.value}`);
  assert.deepEqual([data.experiment, data.index, data.epochs], ['xor', 3, 100]);
  assert.deepEqual(data.assignments, { learning_rate: '0.05', hidden: '8' });
  assert.deepEqual(
    (await deps.store.logs.read(LOG.lines(NAME))).map(({ value: text }) => text),
    deps.lines,
  );
});

test('the same trial gives the same metrics, and nothing of the test points goes into them', async () => {
  await using deps = await makeTestDeps({ definition });
  const first = await completed(deps, request());
  const other = await completed(deps, request({ dataset: { ...dataset, testSize: 77 } }, 'again'));
  assert.ok(first.data?.status === 'succeeded' && other.data?.status === 'succeeded');
  assert.deepEqual(first.data.metrics, other.data.metrics);
});

test('a redelivered trial.requested brings about the event of the first time, and no training', async () => {
  await using deps = await makeTestDeps({ definition });
  const first = await completed(deps, request());
  await record(deps, first);
  const lines = deps.lines.length;
  const again = await completed(deps, request());
  assert.equal(keyOf(again), keyOf(first));
  assert.equal(deps.lines.length, lines);
});

test('a trial stops at the report that its rule names, where its best value is the worse one', async () => {
  await using deps = await makeTestDeps({ definition });
  const rule = { metric: 'validation_accuracy', comparison: 'less', value: 2, startStep: 7 } as const;
  const { data } = await completed(deps, request({ stopRules: [rule] }));
  assert.ok(data?.status === 'stopped');
  assert.equal(data.epochs, 14);
  assert.equal(deps.lines.length, 7);
  assert.equal(data.reason, 'Stopped early: the best validation_accuracy was less than 2 at report 7');
  assert.match(deps.lines.at(-1) ?? '', new RegExp(` validation_accuracy=${data.objective.value}$`));
});

test('a rule that is not met, or that names a report which never comes, stops nothing', async () => {
  await using deps = await makeTestDeps({ definition });
  const rule = { metric: 'validation_accuracy', comparison: 'less' } as const;
  const stopRules = [
    { ...rule, value: 0, startStep: 7 },
    { ...rule, value: 2, startStep: 51 },
  ];
  const { data } = await completed(deps, request({ stopRules }));
  assert.equal(data?.status, 'succeeded');
});

test('a trial that is cancelled in the middle is completed with what it has reported', async () => {
  await using deps = await makeTestDeps({ definition });
  const model = { ...request().data?.model, training: { ...training, epochs: 1_000_000 } } as Request['model'];
  const printed = Promise.withResolvers<void>();
  const emitting = {
    ...deps,
    emitLines: async (...args: Parameters<TestDeps['emitLines']>) => {
      await deps.emitLines(...args);
      printed.resolve();
    },
  };
  const handling = definition.handle(request({ model }), emitting);
  await printed.promise;
  const data = { experiment: 'xor', reason: 'the pod was told to stop' };
  await record(deps, makeEvent(trialCancelled, { source: '/test', id: 'c', subject: NAME, data }));
  const [event] = await handling;
  assert.ok(event?.type === 'trial.completed' && event.data?.status === 'stopped');
  assert.equal(event.data.reason, 'Cancelled: the pod was told to stop');
  assert.ok(event.data.epochs < 1_000_000);
  assert.match(deps.lines.at(-1) ?? '', new RegExp(` epoch=${event.data.epochs} `));
});

test('a trial that was cancelled before it began has failed', async () => {
  await using deps = await makeTestDeps({ definition });
  const data = { experiment: 'xor', reason: 'nobody waits' };
  await record(deps, makeEvent(trialCancelled, { source: '/test', id: 'c', subject: NAME, data }));
  const model = { ...request().data?.model, training: { ...training, epochs: 1_000_000 } } as Request['model'];
  const { data: result } = await completed(deps, request({ model }));
  assert.deepEqual(
    [result?.status, result && 'reason' in result && result.reason],
    ['failed', 'Cancelled: nobody waits'],
  );
});

test('a trial that is not done at its deadline has failed, whatever it has reported', async () => {
  await using deps = await makeTestDeps({ definition });
  const model = { ...request().data?.model, training: { ...training, epochs: 1_000_000 } } as Request['model'];
  const { data } = await completed(deps, request({ model, deadlineMs: 600 }));
  assert.ok(data?.status === 'failed');
  assert.equal(data.reason, 'Not done within 0.6 s, the deadline of the trial');
});

test('a loss that is no number any more fails the trial, and no line ever says it', async () => {
  await using deps = await makeTestDeps({ definition });
  const wild = { ...training, learningRate: 100, optimizer: 'sgd' as const };
  const model = { name: 'trial', hidden: [16, 16, 16, 16], activation: 'relu' as const, training: wild };
  const { data } = await completed(deps, request({ model }));
  assert.ok(data?.status === 'failed', JSON.stringify(data));
  assert.match(data.reason, /^Loss or weights no longer finite at epoch \d+ .* try a smaller learning rate$/);
  for (const line of deps.lines) assert.doesNotMatch(line, /nan|inf/i);
});

test('a trial of more work than a request can hold fails at once, with what to change', async () => {
  await using deps = await makeTestDeps({ definition });
  const model = { ...request().data?.model, training: { ...training, epochs: 1_000_000 } } as Request['model'];
  const large = { ...dataset, trainSize: 1_000_000 };
  const { data } = await completed(deps, request({ model, dataset: large }));
  assert.ok(data?.status === 'failed');
  assert.match(data.reason, /^Too long trial of about \d+ s: expected at most 60 s \(XORFLOW_JOB_SECONDS\); use fewer/);
});
