import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { XorflowError } from '../../../events/errors.ts';
import { startBroker } from '../../../knative/local/broker.ts';
import { toPolicy } from '../../../knative/local/delivery.ts';
import { toMilliseconds } from '../../../knative/local/duration.ts';
import { startRig } from './support.ts';

const waits = (policy: ReturnType<typeof toPolicy>) =>
  Array.from({ length: policy.retries }, (_, attempt) => policy.waitAfter(attempt) / 1000);

describe('delivery specs', () => {
  test('config-br-defaults: without any delivery 10 retries, exponential from 0.2 s, 205 s in all', () => {
    const policy = toPolicy(undefined, undefined, 'd');
    assert.deepEqual(waits(policy), [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 51.2, 102.4]);
    assert.ok(Math.abs(waits(policy).reduce((sum, wait) => sum + wait) - 204.6) < 1e-9);
  });

  test('linear waits 0, D, 2D', () => {
    assert.deepEqual(
      waits(toPolicy({ retry: 3, backoffPolicy: 'linear', backoffDelay: 'PT2S' }, undefined, 'd')),
      [0, 2, 4],
    );
  });

  test('exponential waits stay within what a timer can hold', () => {
    const policy = toPolicy({ retry: 1000, backoffPolicy: 'exponential', backoffDelay: 'PT1H' }, undefined, 'd');
    assert.equal(policy.waitAfter(999), 2 ** 31 - 1);
  });

  test('without a timeout a delivery ends after 15 minutes', () => {
    assert.equal(toPolicy({}, undefined, 'd').timeout, 900_000);
  });

  const refused: [spec: object, message: RegExp][] = [
    [{ retry: -1 }, /-1 at d\.retry: expected an integer/],
    [{ retry: 1.5 }, /d\.retry/],
    [{ backoffPolicy: 'random' }, /"random" at d\.backoffPolicy: expected linear or exponential/],
    [{ backoffDelay: '200ms' }, /"200ms" at d\.backoffDelay: expected ISO 8601/],
    [{ timeout: 'PT0S' }, /"PT0S" at d\.timeout: expected more than zero/],
    [{ format: 'JSON' }, /"JSON" at d\.format/],
    [{ deadLetterSink: '/gateway' }, /"\/gateway" at d\.deadLetterSink: expected an absolute URL/],
  ];
  for (const [spec, message] of refused) {
    test(`${JSON.stringify(spec)} is refused`, () => assert.throws(() => toPolicy(spec, undefined, 'd'), message));
  }

  for (const [duration, milliseconds] of [
    ['PT0.2S', 200],
    ['PT5S', 5000],
    ['PT10M', 600_000],
    ['PT1H30M', 5_400_000],
    ['P1DT1S', 86_401_000],
    ['P1W', 604_800_000],
  ] as const) {
    test(`${duration} is ${milliseconds} ms`, () => assert.equal(toMilliseconds(duration, 'd'), milliseconds));
  }
  for (const duration of ['', 'P', 'PT', '5S', 'P1Y', 'PT-1S', 'pt1s', 'PT1S ']) {
    test(`${JSON.stringify(duration)} is no duration`, () =>
      assert.throws(() => toMilliseconds(duration, 'd'), XorflowError));
  }
});

describe('a broker refuses what it cannot run', () => {
  const trigger = { name: 't', namespace: 'ns', broker: 'default', subscriber: 'http://127.0.0.1:1/' };
  const broker = { name: 'default', namespace: 'ns', async: false };
  for (const [name, triggers, message] of [
    [
      'a Trigger of a Broker that is not there',
      [{ ...trigger, broker: 'other' }],
      /"other" at trigger\/t spec\.broker/,
    ],
    ['a Trigger of a Broker in another namespace', [{ ...trigger, namespace: 'elsewhere' }], /trigger\/t spec\.broker/],
    ['two Triggers of one name', [trigger, trigger], /"t" at trigger\/t metadata\.name/],
    ['a wrong filter', [{ ...trigger, filters: [{ exact: {}, any: [] }] }], /trigger\/t spec\.filters\[0\]/],
  ] as const) {
    test(name, async () => {
      await assert.rejects(startBroker([broker], [...triggers], { journal: '/nowhere', log: () => {} }), message);
    });
  }

  test('a port that is taken', async () => {
    await using rig = await startRig({ triggers: [] });
    const port = Number(new URL(rig.broker.url).port);
    const again = startRig({ triggers: [], port, journal: `${rig.journal}/again` });
    await assert.rejects(again, (error) => error instanceof XorflowError && error.code === 'PORT_IN_USE');
  });
});
