import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeEvent } from '../../../events/define.ts';
import { trialCompleted, trialRequested, trialsPlotted } from '../../../events/registry.ts';
import { recordEvent } from '../../../functions/gateway/record.ts';
import { type Gateway, putPlot, startGateway } from './harness.ts';

let gateway: Gateway;
before(async () => {
  gateway = await startGateway();
});
after(() => gateway[Symbol.asyncDispose]());

const request = (name: string) =>
  recordEvent(
    gateway.store,
    makeEvent(trialRequested, { source: '/katib', id: name, subject: name, data: trialRequested.example }),
  );

test('a trial is listed from its request on, and shows its result when it is there', async () => {
  await request('trial-a');
  await request('trial-b');
  const before = await gateway.http.get('/trials').expect(200);
  assert.deepEqual(
    before.body.trials.map(({ name, status }: { name: string; status: string }) => [name, status]),
    [
      ['trial-b', 'requested'],
      ['trial-a', 'requested'],
    ],
  );
  const data = trialCompleted.example;
  await recordEvent(gateway.store, makeEvent(trialCompleted, { source: '/x', id: '1', subject: 'trial-a', data }));
  const { body } = await gateway.http.get('/trials/trial-a').expect(200);
  assert.equal(body.status, 'succeeded');
  assert.equal(body.experiment, 'xor-random');
  assert.deepEqual(body.objective, { metric: 'validation_accuracy', type: 'maximize', value: 0.997 });
  assert.deepEqual(body.assignments, { learning_rate: '0.01', hidden: '16' });
});

test('a trial is no experiment', async () => {
  await gateway.http.get('/experiments/trial-a').expect(404);
  assert.deepEqual((await gateway.http.get('/experiments').expect(200)).body.experiments, []);
});

test('of each search the drawing with the most trials is shown, whichever came last', async () => {
  for (const trials of [3, 12, 7]) {
    const plots = [await putPlot(gateway.store, 'history', `${trials} trials`)];
    const data = { experiment: 'search', trials, plots };
    await recordEvent(
      gateway.store,
      makeEvent(trialsPlotted, { source: '/xorflow/trials', id: `p${trials}`, subject: 'search', data }),
    );
  }
  const { body } = await gateway.http.get('/trials').expect(200);
  assert.equal(body.searches.length, 1);
  assert.equal(body.searches[0].trials, 12);
  await gateway.http.get(body.searches[0].plots[0].links.png).expect(200);
});
