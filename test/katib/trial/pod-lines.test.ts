import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { makeEvent } from '../../../events/define.ts';
import { trialRequested } from '../../../events/registry.ts';
import { makeTrialsClient } from '../../../functions/client/trials.ts';
import { makeLinePrinter } from '../../../katib/trial/lines.ts';
import { readPodLines } from '../../../katib/trial/pod-lines.ts';
import { runTrial } from '../../../katib/trial/run.ts';
import { type PodsApi, type PodsOptions, startPodsApi } from '../../support/kubernetes/pods.ts';
import { startTrialsGateway, type TrialsGateway } from '../../support/trials-gateway.ts';
import { startProgram, TRIAL } from './program.ts';

const SETTINGS = { selector: 'app.kubernetes.io/name=train', container: 'function', namespace: 'xorflow' };
const PATIENCE = { away: 2_000, late: 200 };

/** A trial that is run with lines of pods: the gateway knows none, only when it is over. */
async function startTrial(api: PodsApi, gateway: TrialsGateway) {
  const data = trialRequested.schema.parse(trialRequested.example);
  const event = makeEvent(trialRequested, {
    source: '/xorflow/test',
    id: TRIAL,
    subject: TRIAL,
    data,
    extensions: { experiment: data.experiment },
  });
  const printed: string[] = [];
  const warnings: string[] = [];
  const stop = new AbortController();
  const waiting = new Map<() => void, number>();
  process.env.KUBECONFIG = api.kubeconfig;
  const write = (text: string) => {
    printed.push(text.trimEnd());
    for (const [settle, count] of waiting) if (count <= printed.length) settle();
  };
  const ended = runTrial(event, {
    client: makeTrialsClient(gateway.url, { silence: 2_000, away: 2_000 }),
    readLines: readPodLines(SETTINGS, PATIENCE),
    printer: makeLinePrinter(TRIAL, 'validation_accuracy', write),
    signal: stop.signal,
    warn: (sentence) => warnings.push(sentence),
  });
  // Whoever awaits it learns of it.
  ended.catch(() => undefined);
  await Promise.race([gateway.answered(/^POST/), ended]);
  const held = gateway.trials.get(TRIAL) ?? assert.fail();
  return {
    ended,
    printed,
    warnings,
    stop,
    held,
    line: (epoch: number) => held.lineOf(epoch, { validation_accuracy: epoch / 10 }),
    succeed: (epochs: number) => held.succeed(epochs, { validation_accuracy: epochs / 10 }),
    /** Resolves once so many lines are printed. */
    async has(count: number) {
      if (printed.length < count) await Promise.race([ended, new Promise<void>((done) => waiting.set(done, count))]);
    },
  };
}

async function setUp(options: PodsOptions = {}) {
  const api = await startPodsApi('xorflow', options);
  const gateway = await startTrialsGateway({ train: () => undefined });
  const trial = await startTrial(api, gateway);
  return {
    api,
    ...trial,
    async [Symbol.asyncDispose]() {
      trial.stop.abort(new Error('the test is over'));
      await trial.ended.catch(() => undefined);
      await gateway[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
    },
  };
}

suite('the lines of a trial from the logs of pods', () => {
  test('are its own lines, of whichever pod trains it, and of those that start later', async () => {
    await using at = await setUp();
    at.api.add('train-1');
    at.api.add('other', { 'app.kubernetes.io/name': 'generate' });
    at.api.start('train-1');
    at.api.start('other');
    at.api.print('other', at.line(1).replace('=0.1', '=0.9'));
    await at.api.opened('train-1');
    at.api.print('train-1', '{"level":30,"msg":"listening"}');
    at.api.print('train-1', at.line(1).replace(TRIAL, 'another'));
    at.api.add('train-2');
    at.api.start('train-2');
    await at.api.opened('train-2');
    at.api.print('train-2', at.line(1));
    at.api.print('train-1', at.line(2).replace(TRIAL, 'another'));
    at.api.print('train-2', at.line(2));
    await at.has(2);
    at.succeed(2);
    await at.ended;
    assert.deepEqual(at.printed, [at.line(1), at.line(2)]);
    assert.ok(!at.api.requests.some((url) => url.includes('/other/')));
  });

  test('come as they are printed, and no sooner than the container has been started', async () => {
    await using at = await setUp();
    at.api.add('train-1');
    await at.api.opened('pods');
    assert.ok(!at.api.requests.some((url) => url.includes('/log')));
    at.api.start('train-1');
    at.api.print('train-1', at.line(1));
    await at.has(1);
    assert.deepEqual(at.printed, [at.line(1)]);
    at.api.print('train-1', at.line(2));
    await at.has(2);
    at.succeed(2);
    await at.ended;
  });

  test('are found too where a watch of pods has to begin anew', async () => {
    await using at = await setUp({ expireWatches: 1 });
    await at.api.opened('pods');
    at.api.add('train-1');
    at.api.start('train-1');
    at.api.print('train-1', at.line(1));
    await at.has(1);
    at.succeed(1);
    await at.ended;
  });

  test('are all there when the last one is, though it comes after the result', async () => {
    await using at = await setUp();
    at.api.add('train-1');
    at.api.start('train-1');
    at.api.print('train-1', at.line(1));
    await at.has(1);
    at.succeed(2);
    at.api.print('train-1', at.line(2));
    await at.ended;
    assert.deepEqual(at.printed, [at.line(1), at.line(2)]);
  });

  test('come each once through connections that break, in the middle of a line too', async () => {
    await using at = await setUp({ unavailable: 2 });
    at.api.add('train-1');
    at.api.start('train-1');
    await at.api.opened('train-1');
    at.api.print('train-1', at.line(1));
    at.api.print('train-1', at.line(2));
    await at.has(2);
    at.api.drop();
    at.api.print('train-1', at.line(3));
    await at.has(3);
    at.api.hangUp();
    at.api.print('train-1', at.line(4));
    await at.has(4);
    at.succeed(4);
    await at.ended;
    assert.deepEqual(at.printed, [1, 2, 3, 4].map(at.line));
  });

  test('come each once when a pod dies and another one trains the trial again', async () => {
    await using at = await setUp();
    at.api.add('train-1');
    at.api.start('train-1');
    at.api.print('train-1', at.line(1));
    at.api.print('train-1', at.line(2));
    await at.has(2);
    at.api.remove('train-1');
    at.api.add('train-2');
    at.api.start('train-2');
    for (const epoch of [1, 2, 3]) at.api.print('train-2', at.line(epoch));
    await at.has(3);
    at.succeed(3);
    await at.ended;
    assert.deepEqual(at.printed, [1, 2, 3].map(at.line));
  });

  test('are followed in a container that was started again', async () => {
    await using at = await setUp();
    at.api.add('train-1');
    at.api.start('train-1');
    at.api.print('train-1', at.line(1));
    await at.has(1);
    at.api.finish('train-1');
    at.api.start('train-1');
    for (const epoch of [1, 2]) at.api.print('train-1', at.line(epoch));
    await at.has(2);
    at.succeed(2);
    await at.ended;
    assert.deepEqual(at.printed, [1, 2].map(at.line));
  });
});

suite('lines of pods that cannot be had', () => {
  for (const right of ['list pods', 'watch pods', 'get pods/log']) {
    test(`without the right to ${right}: who lacks it, where, and what is expected; the training is cancelled`, async () => {
      await using at = await setUp({ forbids: [right] });
      at.api.add('train-1');
      at.api.start('train-1');
      await assert.rejects(at.ended, {
        code: 'CLUSTER_REFUSED',
        message:
          `Forbidden: system:serviceaccount:search:default may not ${right} in namespace xorflow: ` +
          'expected a Role with list and watch of pods, and get of pods/log',
      });
      assert.match(await at.held.cancelled, /^Forbidden: /);
      assert.deepEqual(at.warnings, []);
    });
  }

  test('when the pod that trained is gone with its log', async () => {
    await using at = await setUp();
    at.api.add('train-1');
    at.api.start('train-1');
    at.api.print('train-1', at.line(1));
    await at.has(1);
    at.api.remove('train-1');
    at.succeed(2);
    await assert.rejects(at.ended, {
      message:
        `No line of epoch 2 of trial ${TRIAL} in the logs of the pods app.kubernetes.io/name=train ` +
        'in namespace xorflow: the last one is of epoch 1',
    });
  });

  test('when the API server is away for too long', async () => {
    await using at = await setUp({ unavailable: Number.POSITIVE_INFINITY });
    await assert.rejects(at.ended, {
      code: 'PLATFORM_UNREACHABLE',
      message: /^Cannot reach the cluster http:.*: the server is currently unable to handle the request$/,
    });
  });

  test('of a trial that failed are not waited for', async () => {
    await using at = await setUp();
    at.held.fail('too little memory');
    await assert.rejects(at.ended, { message: `Trial ${TRIAL} failed: too little memory` });
  });
});

test('the program reads them where XORFLOW_LINES says so', async () => {
  await using api = await startPodsApi('trainers');
  api.add('t-1', { role: 'trainer' });
  api.start('t-1');
  await using gateway = await startTrialsGateway({
    train(trial) {
      api.print('t-1', trial.lineOf(1, { validation_accuracy: 0.5 }));
      trial.succeed(1, { validation_accuracy: 0.5 });
    },
  });
  const { code, stdout, stderr } = await startProgram(gateway.url, {
    KUBECONFIG: api.kubeconfig,
    XORFLOW_LINES: 'pods',
    XORFLOW_TRAIN_NAMESPACE: 'trainers',
    XORFLOW_TRAIN_SELECTOR: 'role=trainer',
  }).ended;
  assert.deepEqual([code, stderr], [0, '']);
  assert.match(stdout, /^2026-11-23T10:00:01\.000Z trial\/xor-random-k8d2f4gh epoch=1 validation_accuracy=0\.5\n$/);
});

test('the program says what it lacks where there is no cluster', async () => {
  await using gateway = await startTrialsGateway();
  const env = { XORFLOW_LINES: 'pods', HOME: '/nonexistent' };
  const { code, stderr } = await startProgram(gateway.url, env).ended;
  assert.deepEqual(
    [code, stderr],
    [1, 'No cluster to read the logs of pods in: expected the token of a ServiceAccount, or KUBECONFIG\n'],
  );
});
