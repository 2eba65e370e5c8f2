import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CloudEvent } from 'cloudevents';
import { derivedId, makeEvent } from '../../../events/define.ts';
import { jobIdOf, keyOf } from '../../../events/ids.ts';
import { modelTrained, trainingRequested } from '../../../events/registry.ts';
import { recordEvent } from '../../../functions/gateway/record.ts';
import { LOG } from '../../../functions/store/port.ts';
import { watchJob } from '../../../functions/watchdog/handler.ts';
import { makeTestDeps } from '../../support/deps.ts';

const request = makeEvent(trainingRequested, {
  source: '/xorflow/train',
  id: 'abc',
  subject: 'xor-0123456789ab',
  data: trainingRequested.example,
  extensions: { tier: 'job' },
});

/** What an ApiServerSource sends of a Job, with more than anybody asks for. */
function change(conditions: unknown, type = 'update', id = jobIdOf(request)) {
  return new CloudEvent<unknown>({
    type: `dev.knative.apiserver.resource.${type}`,
    source: 'https://10.96.0.1:443',
    id: 'c1',
    subject: '/apis/batch/v1/namespaces/xorflow/jobs/train-long-1',
    data: {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'train-long-1', uid: 'u', labels: { 'sinks.knative.dev/job-sink-id': id, other: 'x' } },
      spec: { backoffLimit: 2 },
      status: { failed: 3, conditions },
    },
  });
}

const FAILED = [
  { type: 'FailureTarget', status: 'True', reason: 'BackoffLimitExceeded' },
  {
    type: 'Failed',
    status: 'True',
    reason: 'BackoffLimitExceeded',
    message: 'Job has reached the specified backoff limit',
  },
];

test('a Job that failed for good fails its experiment: which Job, which model, why', async () => {
  await using deps = await makeTestDeps();
  await recordEvent(deps.store, request);
  const [failure, ...others] = await watchJob(change(FAILED), deps);
  assert.deepEqual(others, []);
  assert.equal(failure?.subject, 'xor-0123456789ab');
  assert.deepEqual(failure?.data, {
    stage: 'train',
    code: 'JOB_FAILED',
    reason: `Job train-long-1 of model "${trainingRequested.example.model.name}" ended without a result (BackoffLimitExceeded: Job has reached the specified backoff limit)`,
    cause: { type: 'training.requested', source: '/xorflow/train', id: 'abc' },
  });
  const [again] = await watchJob(change(FAILED, 'add'), deps);
  assert.equal(again?.id, failure?.id, 'the same word, however often the Job is told of');
});

test('a Job that runs, is complete, or was deleted fails nothing', async () => {
  await using deps = await makeTestDeps();
  await recordEvent(deps.store, request);
  assert.deepEqual(await watchJob(change(undefined), deps), []);
  assert.deepEqual(await watchJob(change([{ type: 'Complete', status: 'True' }]), deps), []);
  assert.deepEqual(await watchJob(change([{ type: 'Failed', status: 'False' }]), deps), []);
  assert.deepEqual(await watchJob(change(FAILED, 'delete'), deps), []);
});

test('a Job that failed after its model was trained fails nothing', async () => {
  await using deps = await makeTestDeps();
  await recordEvent(deps.store, request);
  const trained = { source: '/xorflow/train', id: derivedId(request, modelTrained) };
  await deps.store.logs.append(LOG.events('xor-0123456789ab'), [{ key: keyOf(trained), value: '{}' }]);
  assert.deepEqual(await watchJob(change(FAILED), deps), []);
});

test('what is no Job of ours, or no Job, is passed over', async () => {
  await using deps = await makeTestDeps();
  assert.deepEqual(await watchJob(change(FAILED, 'update', 'd41d8cd98f00b204e9800998ecf8427e'), deps), []);
  const other = new CloudEvent<unknown>({
    type: 'dev.knative.apiserver.resource.update',
    source: '/x',
    id: '1',
    data: { kind: 'Pod' },
  });
  assert.deepEqual(await watchJob(other, deps), []);
});

test('trainings of a Service are no Jobs', async () => {
  await using deps = await makeTestDeps();
  await recordEvent(deps.store, new CloudEvent<unknown>({ ...request.toJSON(), tier: 'service' }));
  assert.deepEqual(await deps.store.logs.read(LOG.jobs), []);
});
