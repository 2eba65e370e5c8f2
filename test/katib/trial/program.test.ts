import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import type { HeldTrial } from '../../support/held-trial.ts';
import { makeFolder } from '../../support/manifests.ts';
import { collectMetrics } from '../../support/metrics-file.ts';
import { startTrialsGateway, trainWell } from '../../support/trials-gateway.ts';
import { startProgram, TRIAL } from './program.ts';

const METRICS = ['validation_accuracy', 'loss', 'accuracy', 'validation_loss'];

/** Waits for the program, and holds it against what no output of it may do. */
async function outcomeOf({ ended }: ReturnType<typeof startProgram>) {
  const { code, stdout, stderr } = await ended;
  for (const line of stdout.split('\n').slice(0, -1)) {
    assert.match(
      line,
      /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z trial\/[a-z0-9-]+(?: [a-z_]+=-?\d+(?:\.\d+)?(?:e-?\d+)?)+$/,
    );
  }
  assert.deepEqual(collectMetrics(stderr, METRICS), []);
  return {
    code,
    lines: stdout.split('\n').slice(0, -1),
    said: stderr
      .trim()
      .split('\n')
      .filter((line) => line !== ''),
  };
}

suite('a trial that succeeds', () => {
  test('prints the lines of its training, unchanged, each once, and ends with 0', async () => {
    await using gateway = await startTrialsGateway();
    const { code, lines, said } = await outcomeOf(startProgram(gateway.url));
    assert.deepEqual([code, said], [0, []]);
    assert.deepEqual(lines, gateway.trials.get(TRIAL)?.lines);
    assert.equal(lines.length, 3);
  });

  test('asks for what its environment says', async () => {
    await using gateway = await startTrialsGateway();
    const env = { HP_LEARNING_RATE: '0.05', HP_HIDDEN: '8', XORFLOW_EXPERIMENT: 'xor-tpe', XORFLOW_OBJECTIVE: 'loss' };
    assert.equal((await outcomeOf(startProgram(gateway.url, env))).code, 0);
    const { experiment, assignments, objective, model } = gateway.trials.get(TRIAL)?.request ?? assert.fail();
    assert.deepEqual(assignments, { learning_rate: '0.05', hidden: '8' });
    assert.deepEqual([experiment, objective], ['xor-tpe', { metric: 'loss', type: 'minimize' }]);
    assert.deepEqual([model.hidden, model.training.learningRate], [[8], 0.05]);
  });

  test('prints as it trains', async () => {
    await using gateway = await startTrialsGateway({ train: ({ report }) => report(1, { validation_accuracy: 0.5 }) });
    const started = startProgram(gateway.url);
    await new Promise((done) => started.child.stdout?.once('data', done));
    const held = gateway.trials.get(TRIAL) ?? assert.fail();
    assert.equal(held.isOver(), false);
    held.report(2, { validation_accuracy: 0.6 });
    held.succeed(2, { validation_accuracy: 0.6 });
    assert.deepEqual((await outcomeOf(started)).lines, held.lines);
  });

  test('loses and doubles no line, whatever happens to its gateway on the way', async () => {
    await using gateway = await startTrialsGateway({
      away: 2,
      loseAnswers: 1,
      forgets: 1,
      dropLines: [1, 0, 2],
      endLines: [2],
      dropEvents: [1, 0],
      train: (trial) => {
        for (const epoch of [1, 2, 3, 4]) trial.report(epoch, { validation_accuracy: epoch / 10 });
      },
    });
    const started = startProgram(gateway.url);
    await gateway.answered(/^POST/);
    const held = gateway.trials.get(TRIAL) ?? assert.fail();
    let printed = '';
    await new Promise<void>((done) =>
      started.child.stdout?.on('data', (text) => {
        printed += text;
        if (printed.includes('epoch=4')) done();
      }),
    );
    held.succeed(4, { validation_accuracy: 0.4 });
    const { code, lines, said } = await outcomeOf(started);
    assert.deepEqual([code, said], [0, []]);
    assert.deepEqual(lines, held.lines);
  });

  test('is trained once, however often its pod is started', async () => {
    await using gateway = await startTrialsGateway();
    const [first, second] = [await outcomeOf(startProgram(gateway.url)), await outcomeOf(startProgram(gateway.url))];
    assert.deepEqual([first.code, second.code], [0, 0]);
    assert.deepEqual(first.lines, second.lines);
    assert.deepEqual([gateway.trials.size, gateway.trials.get(TRIAL)?.lines.length], [1, 3]);
  });

  test('prints what is its own alone, and of a second training what is new', async () => {
    const train = (trial: HeldTrial) => {
      trial.report(1, { validation_accuracy: 0.5 });
      trial.print(trial.lineOf(1, { validation_accuracy: 0.9 }).replace(TRIAL, 'another'));
      trial.print('{"level":"info","msg":"loss=x"}');
      trial.report(1, { validation_accuracy: 0.5 });
      trial.report(2, { validation_accuracy: 0.6 });
      trial.succeed(2, { validation_accuracy: 0.6 });
    };
    await using gateway = await startTrialsGateway({ train });
    const { code, lines } = await outcomeOf(startProgram(gateway.url));
    const held = gateway.trials.get(TRIAL) ?? assert.fail();
    assert.deepEqual([code, lines], [0, [held.lines[0], held.lines[4]]]);
  });
});

suite('a trial that does not succeed ends with 1 and says why in one line', () => {
  const cases: readonly [string, (trial: HeldTrial) => void, RegExp][] = [
    [
      'a loss that is not finite',
      (trial) => {
        trial.report(1, { loss: 0.5 });
        trial.fail('Loss NaN after epoch 2 with validation_accuracy=NaN: expected a finite number');
      },
      /^Trial xor-random-k8d2f4gh failed: Loss NaN after epoch 2 with validation_accuracy: NaN: expected a finite number$/,
    ],
    [
      'a line with a value that is no finite number',
      (trial) => {
        trial.print(`2026-11-23T10:00:01.000Z trial/${TRIAL} epoch=1 validation_accuracy=NaN`);
        trial.report(2, { validation_accuracy: 0.5 });
        trial.succeed(2, { validation_accuracy: 0.5 });
      },
      /^Wrong line "2026-11-23T10:00:01.000Z trial\/xor-random-k8d2f4gh epoch: 1 validation_accuracy: NaN" of trial /,
    ],
    [
      'a request that nobody can carry out',
      (trial) => trial.refuse('Wrong value 5 at dataset.dims'),
      /^Trial xor-random-k8d2f4gh failed at train: Wrong value 5 at dataset\.dims$/,
    ],
    [
      'no line with its objective',
      (trial) => {
        trial.report(1, { loss: 0.5 });
        trial.succeed(1, { loss: 0.5 });
      },
      /^No validation_accuracy in the lines of trial xor-random-k8d2f4gh: expected one for each epoch/,
    ],
    ['no line at all', (trial) => trial.succeed(1, {}), /^No validation_accuracy in the lines/],
    [
      'a training that somebody else has cancelled',
      (trial) => {
        trial.report(1, { validation_accuracy: 0.5 });
        trial.stop(1, { validation_accuracy: 0.5 }, 'the search is over');
      },
      /^Trial xor-random-k8d2f4gh was stopped: the search is over$/,
    ],
  ];
  for (const [what, train, sentence] of cases) {
    test(what, async () => {
      await using gateway = await startTrialsGateway({ train });
      const { code, lines, said } = await outcomeOf(startProgram(gateway.url));
      assert.equal(code, 1);
      assert.equal(said.length, 1);
      assert.match(said[0] ?? '', sentence);
      assert.ok(!lines.join().includes('NaN'));
      assert.deepEqual(
        gateway.requests.filter((one) => one.startsWith('DELETE')),
        [],
      );
    });
  }

  test('a gateway that refuses it, whose other trial of the name is left alone', async () => {
    const detail = 'Trial "x" exists: expected another name';
    await using gateway = await startTrialsGateway({ refuse: { method: 'POST', status: 409, detail } });
    const { code, said } = await outcomeOf(startProgram(gateway.url));
    assert.equal(code, 1);
    assert.match(
      said.join('\n'),
      /^Refused by the platform at http.* with 409: Trial "x" exists: expected another name$/,
    );
    assert.deepEqual(gateway.requests, ['POST /trials']);
  });

  test('a result that got lost: at its own deadline, and the training is cancelled', async () => {
    const train = ({ report }: HeldTrial) => report(1, { validation_accuracy: 0.5 });
    await using gateway = await startTrialsGateway({ train });
    const started = startProgram(gateway.url, { XORFLOW_TRIAL_SECONDS: '6' });
    const { code, lines, said } = await outcomeOf(started);
    const sentence = `Trial ${TRIAL} is not over within 6 s`;
    assert.deepEqual([code, said, lines.length], [1, [sentence], 1]);
    assert.equal(await gateway.trials.get(TRIAL)?.cancelled, sentence);
  });

  test('a gateway that is gone: at its own deadline too', async () => {
    const gateway = await startTrialsGateway();
    await gateway.close();
    const { code, said } = await outcomeOf(startProgram(gateway.url, { XORFLOW_TRIAL_SECONDS: '1' }));
    assert.equal(code, 1);
    assert.match(
      said.join('\n'),
      /^Trial .* is not cancelled .*: no answer within 3 s\nTrial .* is not over within 1 s$/,
    );
  });

  test('and where Kubernetes looks for it', async () => {
    await using folder = await makeFolder();
    const file = join(folder.path, 'termination-log');
    writeFileSync(file, '');
    await using gateway = await startTrialsGateway({ train: (trial) => trial.fail('loss=NaN') });
    await outcomeOf(startProgram(gateway.url, { XORFLOW_TERMINATION_LOG: file }));
    assert.equal(readFileSync(file, 'utf8'), `Trial ${TRIAL} failed: loss: NaN`);
  });
});

suite('a trial that is stopped', () => {
  for (const [signal, expected] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const) {
    test(`by ${signal} cancels its training, has printed what there was, and ends with ${expected}`, async () => {
      const train = ({ report }: HeldTrial) => report(1, { validation_accuracy: 0.5 });
      await using gateway = await startTrialsGateway({ train });
      const started = startProgram(gateway.url);
      await new Promise((done) => started.child.stdout?.once('data', done));
      started.child.kill(signal);
      const { code, lines, said } = await outcomeOf(started);
      assert.deepEqual([code, lines.length, said], [expected, 1, [`Stopped by ${signal}`]]);
      assert.equal(await gateway.trials.get(TRIAL)?.cancelled, `Stopped by ${signal}`);
    });
  }

  test('ends within seconds, though the gateway takes no cancellation', async () => {
    const train = ({ report }: HeldTrial) => report(1, { validation_accuracy: 0.5 });
    await using gateway = await startTrialsGateway({ train, silentCancel: true });
    const started = startProgram(gateway.url);
    await new Promise((done) => started.child.stdout?.once('data', done));
    started.child.kill('SIGTERM');
    const { code, said } = await outcomeOf(started);
    assert.equal(code, 143);
    assert.match(said[0] ?? '', /^Trial .* is not cancelled and trains on until its deadline: no answer within 3 s$/);
  });
});

suite('a wrong setting is told with variable, value and rule, and ends with 2', () => {
  for (const [env, sentence] of [
    [{ XORFLOW_GATEWAY: '' }, /^Missing XORFLOW_GATEWAY: expected a URL such as http:/],
    [{ XORFLOW_LINES: 'files' }, /^Wrong value "files" in XORFLOW_LINES: expected gateway or pods$/],
    [{ HP_LEARNING_RATE: 'fast' }, /^Wrong value "fast" in HP_LEARNING_RATE: /],
    [{ KATIB_TRIAL_NAME: '' }, /^Missing KATIB_TRIAL_NAME: expected the name of the trial, which Katib sets$/],
  ] as const) {
    test(Object.entries(env).flat().join(' '), async () => {
      const { code, lines, said } = await outcomeOf(startProgram('http://127.0.0.1:9', env));
      assert.deepEqual([code, lines, said.length], [2, [], 1]);
      assert.match(said[0] ?? '', sentence);
    });
  }
});

test('the training that the tests take for good has its objective in every line', async () => {
  await using gateway = await startTrialsGateway({ train: trainWell });
  const { lines } = await outcomeOf(startProgram(gateway.url));
  assert.ok(lines.every((line) => collectMetrics(line, ['validation_accuracy']).length === 1));
});
