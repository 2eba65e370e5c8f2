import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import type { HeldTrial } from '../../support/held-trial.ts';
import { makeFolder } from '../../support/manifests.ts';
import { collectMetrics } from '../../support/metrics-file.ts';
import { startTrialsGateway } from '../../support/trials-gateway.ts';
import { collectedBy, startWrapped, TRIAL } from './program.ts';

/** When the program has read all lines of its trial, its work is done. */
const READ_TO_THE_END = /follow=false$/;
const IMPATIENT = { XORFLOW_COLLECTOR_SECONDS: '0' };

suite("wrapped as Katib wraps a trial's command", () => {
  for (const earlyStopping of [false, true]) {
    const form = earlyStopping ? 'with early stopping' : 'without early stopping';

    test(`a trial of milliseconds lives until the collector is there, which gets all of it, ${form}`, async () => {
      await using folder = await makeFolder();
      await using gateway = await startTrialsGateway();
      const wrapped = startWrapped(gateway.url, folder.path, { earlyStopping });
      await gateway.answered(READ_TO_THE_END);
      assert.equal(wrapped.child.exitCode, null);
      assert.equal(wrapped.marker(), undefined);
      const { error, rows } = await collectedBy(wrapped.startCollector());
      assert.deepEqual([error, (await wrapped.ended).code, wrapped.marker()], [undefined, 0, 'completed']);
      assert.deepEqual(rows, collectMetrics(wrapped.metrics(), ['validation_accuracy', 'loss']));
      const objectives = rows.filter(({ name }) => name === 'validation_accuracy');
      assert.deepEqual(
        objectives.map(({ value }) => value),
        ['0.6', '0.7', '0.8'],
      );
      assert.ok(rows.every(({ time, value }) => time !== '' && Number.isFinite(Number(value))));
      assert.deepEqual(
        rows.map(({ time }) => time),
        rows.map(({ time }) => time).toSorted(),
      );
    });

    test(`a trial that fails leaves no marker, and why it did stands where the collector shows it, ${form}`, async () => {
      const train = (trial: HeldTrial) => {
        trial.report(1, { validation_accuracy: 0.5 });
        trial.fail('Loss NaN after epoch 2, validation_accuracy=0.9: expected a finite number');
      };
      await using folder = await makeFolder();
      await using gateway = await startTrialsGateway({ train });
      const wrapped = startWrapped(gateway.url, folder.path, { earlyStopping });
      await gateway.answered(READ_TO_THE_END);
      const { error } = await collectedBy(wrapped.startCollector());
      const { code } = await wrapped.ended;
      assert.deepEqual([error, code, wrapped.marker()], ['no marker of a completed trial', 1, undefined]);
      const rows = collectMetrics(wrapped.metrics(), ['validation_accuracy', 'loss']);
      assert.deepEqual(
        rows.map(({ value }) => value),
        ['0.5'],
      );
      assert.match(wrapped.metrics(), /\nTrial xor-random-k8d2f4gh failed: Loss NaN after epoch 2, .*\n$/);
    });
  }

  test('a trial that does not wait is not found by a collector that starts later', async () => {
    await using folder = await makeFolder();
    await using gateway = await startTrialsGateway();
    const wrapped = startWrapped(gateway.url, folder.path, { env: IMPATIENT });
    assert.equal((await wrapped.ended).code, 0);
    assert.equal((await collectedBy(wrapped.startCollector())).error, 'unable to find main pid');
  });

  test('a trial without a collector ends after its patience, and says so', async () => {
    await using folder = await makeFolder();
    await using gateway = await startTrialsGateway();
    const wrapped = startWrapped(gateway.url, folder.path, { env: { XORFLOW_COLLECTOR_SECONDS: '1' } });
    assert.deepEqual([(await wrapped.ended).code, wrapped.marker()], [0, 'completed']);
    assert.match(wrapped.metrics(), /\nNo collector of Katib was seen within 1 s: XORFLOW_COLLECTOR_SECONDS is /);
  });

  test('the collector of another trial is not waited for', async () => {
    await using folder = await makeFolder();
    await using gateway = await startTrialsGateway();
    const other = startWrapped(gateway.url, folder.path, { env: { XORFLOW_COLLECTOR_SECONDS: '60' } });
    const env = { KATIB_TRIAL_NAME: `${TRIAL}-2`, XORFLOW_COLLECTOR_SECONDS: '2' };
    await using folder2 = await makeFolder();
    const wrapped = startWrapped(gateway.url, folder2.path, { env });
    const collector = other.startCollector();
    await wrapped.ended;
    assert.match(wrapped.metrics(), /No collector of Katib was seen within 2 s/);
    assert.equal((await collectedBy(collector)).error, undefined);
  });
});

suite('early stopping', () => {
  const RULE = ['-stop-rule', 'validation_accuracy;0.9;less;3'];

  test('stops a hopeless trial: its training is cancelled, the marker is there, and what it printed counts', async () => {
    const train = async (trial: HeldTrial) => {
      for (const epoch of [1, 2, 3]) trial.report(epoch, { loss: 0.6, validation_accuracy: 0.5 });
      trial.stop(3, { loss: 0.6, validation_accuracy: 0.5 }, await trial.cancelled);
    };
    await using folder = await makeFolder();
    await using gateway = await startTrialsGateway({ train });
    const wrapped = startWrapped(gateway.url, folder.path, { earlyStopping: true });
    const { error, isStopped, rows } = await collectedBy(wrapped.startCollector(...RULE));
    const { code, stdout } = await wrapped.ended;
    assert.deepEqual([error, isStopped, code, wrapped.marker()], [undefined, true, 0, 'completed']);
    assert.match(stdout, /Early Stopped/);
    assert.equal(rows.filter(({ name }) => name === 'validation_accuracy').length, 3);
    assert.equal(await gateway.trials.get(TRIAL)?.cancelled, 'Stopped by SIGTERM');
  });

  test('lets a promising trial end by itself', async () => {
    await using folder = await makeFolder();
    await using gateway = await startTrialsGateway({
      train: (trial) => {
        for (const epoch of [1, 2, 3, 4]) trial.report(epoch, { loss: 0.1, validation_accuracy: 0.95 });
        trial.succeed(4, { loss: 0.1, validation_accuracy: 0.95 });
      },
    });
    const wrapped = startWrapped(gateway.url, folder.path, { earlyStopping: true });
    const { error, isStopped, rows } = await collectedBy(wrapped.startCollector(...RULE));
    assert.deepEqual([error, isStopped, (await wrapped.ended).code, rows.length], [undefined, false, 0, 8]);
    assert.deepEqual(
      gateway.requests.filter((one) => one.startsWith('DELETE')),
      [],
    );
  });

  test('stops a trial that is over and waits', async () => {
    await using folder = await makeFolder();
    await using gateway = await startTrialsGateway();
    const wrapped = startWrapped(gateway.url, folder.path, { earlyStopping: true });
    await gateway.answered(READ_TO_THE_END);
    const { error, isStopped } = await collectedBy(wrapped.startCollector(...RULE));
    assert.deepEqual([error, isStopped, wrapped.marker()], [undefined, true, 'completed']);
    assert.deepEqual(
      gateway.requests.filter((one) => one.startsWith('DELETE')),
      [],
    );
  });

  test('does not take a trial for stopped that fails by itself', async () => {
    await using folder = await makeFolder();
    await using gateway = await startTrialsGateway({ train: (trial) => trial.fail('too little memory') });
    const wrapped = startWrapped(gateway.url, folder.path, { earlyStopping: true, env: IMPATIENT });
    const { code, stdout } = await wrapped.ended;
    assert.deepEqual([code, wrapped.marker()], [1, undefined]);
    assert.match(stdout, /Failed/);
  });
});
