import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { loadExperiment } from '../../katib/experiment/load.ts';
import { renderTrial } from '../../katib/experiment/template.ts';
import { collect } from '../../katib/local/collector.ts';
import { type Local, startLocal } from '../../scripts/local.ts';
import { collectedBy, ROOT, startWrapped, TRIAL } from '../katib/trial/program.ts';
import { makeFolder } from '../support/manifests.ts';

let data: Awaited<ReturnType<typeof makeFolder>>;
let platform: Local;
before(async () => {
  data = await makeFolder();
  platform = await startLocal({ data: data.path, port: 0 });
});
after(async () => {
  await platform[Symbol.asyncDispose]();
  await data[Symbol.asyncDispose]();
});

/** The environment that Katib gives a trial of the project's own Experiment. */
async function environmentOf(changes: Readonly<Record<string, string>> = {}) {
  const { experiment } = await loadExperiment(join(ROOT, 'katib', 'experiment.yaml'));
  const assignments = {
    learning_rate: '0.05',
    hidden: '8',
    layers: '1',
    activation: 'tanh',
    optimizer: 'adam',
    batch_size: 'full',
  };
  const { env } = renderTrial(experiment, { name: TRIAL, assignments });
  return { ...env, XORFLOW_GATEWAY: platform.url, ...changes };
}

const METRICS = ['validation_accuracy', 'loss', 'accuracy', 'validation_loss'];

test("a trial of the project's Experiment, wrapped as Katib wraps it, trains on the platform and is collected", async () => {
  await using folder = await makeFolder();
  const wrapped = startWrapped(platform.url, folder.path, { env: await environmentOf() });
  const { error, rows } = await collectedBy(wrapped.startCollector());
  assert.deepEqual([error, (await wrapped.ended).code, wrapped.marker()], [undefined, 0, 'completed']);
  const own = collect(wrapped.metrics(), METRICS);
  assert.equal(own.length, 4 * 50);
  assert.deepEqual(
    own.filter(({ name }) => name === 'loss').map(({ value }) => value),
    rows.filter(({ name }) => name === 'loss').map(({ value }) => value),
  );
  // The very lines that the gateway has, and the function has printed.
  const printed = await (await fetch(`${platform.url}/trials/${TRIAL}/logs?follow=false`)).text();
  assert.equal(wrapped.metrics(), printed);
  const shown = (await (await fetch(`${platform.url}/trials/${TRIAL}`)).json()) as {
    status: string;
    objective: { value: number };
  };
  assert.equal(shown.status, 'succeeded');
  const last = own.filter(({ name }) => name === 'validation_accuracy').at(-1);
  assert.equal(Number(last?.value), shown.objective.value);
  assert.ok(shown.objective.value > 0.9);
});

test('a pod that is started again prints the same trial, which trains once', async () => {
  await using folder = await makeFolder();
  const env = await environmentOf({ XORFLOW_COLLECTOR_SECONDS: '0' });
  const wrapped = startWrapped(platform.url, folder.path, { env });
  assert.equal((await wrapped.ended).code, 0);
  const printed = await (await fetch(`${platform.url}/trials/${TRIAL}/logs?follow=false`)).text();
  assert.equal(wrapped.metrics(), printed);
  const events = (await (
    await fetch(`${platform.url}/trials/${TRIAL}/events`, { headers: { accept: 'application/json' } })
  ).json()) as { type: string }[];
  assert.deepEqual(
    events.map(({ type }) => type),
    ['trial.requested', 'trial.completed'],
  );
});

test("Katib's early stopping ends the training on the platform, and the trial is completed", async () => {
  await using folder = await makeFolder();
  const name = 'xor-mlp-stopped';
  const env = await environmentOf({
    KATIB_TRIAL_NAME: name,
    XORFLOW_TRAINING: '{"epochs":1000000}',
    XORFLOW_DATASET: '{"trainSize":500,"validationSize":100}',
  });
  const wrapped = startWrapped(platform.url, folder.path, { earlyStopping: true, env });
  const rule = ['-t', name, '-stop-rule', 'validation_accuracy;2;less;3'];
  const collected = await collectedBy(wrapped.startCollector(...rule));
  assert.deepEqual([collected.error, collected.isStopped], [undefined, true]);
  assert.deepEqual([(await wrapped.ended).code, wrapped.marker()], [0, 'completed']);
  const events = await (
    await fetch(`${platform.url}/trials/${name}/events`, { headers: { accept: 'text/event-stream' } })
  ).text();
  assert.match(events, /event: trial\.cancelled[\s\S]*event: trial\.completed[\s\S]*"status":"stopped"/);
});
