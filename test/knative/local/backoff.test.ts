import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { DeliverySpec } from '../../../knative/local/broker.ts';
import { type Behaviour, refusedUrl, Subscriber, send, startRig } from './support.ts';

// A timer never fires noticeably early; on a busy machine it may fire any time later.
function assertTimes(actual: readonly number[], expected: readonly number[]): void {
  assert.equal(actual.length, expected.length, `attempts at ${actual.join(', ')} s`);
  for (const [index, time] of expected.entries()) {
    const seconds = actual[index] ?? Number.NaN;
    assert.ok(seconds >= time - 0.01 && seconds < time + 10, `attempt ${index} at ${seconds} s, expected ${time} s`);
  }
}

async function failing(delivery: DeliverySpec, behaviour: Behaviour = { status: 500 }) {
  await using subscriber = await Subscriber.start(behaviour);
  await using rig = await startRig({ triggers: [{ subscriber: subscriber.url, delivery }] });
  const { status } = await send(rig.url);
  return { status, times: subscriber.times, waits: rig.named('delivery:retried').map(({ waitMs }) => waitMs) };
}

describe('attempts come when the real broker makes them', { concurrency: true }, () => {
  const rows: [name: string, delivery: DeliverySpec, times: number[]][] = [
    ['linear PT0.2S, retry 4', { retry: 4, backoffPolicy: 'linear', backoffDelay: 'PT0.2S' }, [0, 0, 0.2, 0.6, 1.2]],
    [
      'exponential PT0.2S, retry 4',
      { retry: 4, backoffPolicy: 'exponential', backoffDelay: 'PT0.2S' },
      [0, 0.2, 0.6, 1.4, 3],
    ],
    ['no policy, retry 3', { retry: 3 }, [0, 0, 0, 0]],
    ['a delay without a policy', { retry: 2, backoffDelay: 'PT5S' }, [0, 0, 0]],
    ['a policy without a delay', { retry: 2, backoffPolicy: 'exponential' }, [0, 0, 0]],
    ['no retry', {}, [0]],
  ];
  for (const [name, delivery, times] of rows) {
    test(`${name}: at ${times.join(', ')} s, then 500 to the producer`, async () => {
      const seen = await failing(delivery);
      assert.equal(seen.status, 500);
      assertTimes(seen.times, times);
      const waits = times.slice(1).map((time, index) => Math.round((time - (times[index] ?? 0)) * 1000));
      assert.deepEqual(seen.waits, waits, 'the waits themselves are exact');
    });
  }

  test('Retry-After of an answer changes nothing', async () => {
    assertTimes((await failing({ retry: 1 }, { status: 503, headers: { 'retry-after': '60' } })).times, [0, 0]);
  });

  test('TIMEOUT PT0.3S, retry 1: 2 attempts, a dead letter with code 500 after 0.6 s', async () => {
    await using subscriber = await Subscriber.start('hang');
    await using sink = await Subscriber.start({ status: 200 });
    const delivery = { retry: 1, timeout: 'PT0.3S', deadLetterSink: sink.url };
    await using rig = await startRig({ triggers: [{ subscriber: subscriber.url, delivery }] });
    const { status, seconds } = await send(rig.url);
    assert.equal(status, 202);
    assert.equal(subscriber.seen.length, 2);
    const [first = 0, second = 0] = rig.named('delivery:attempted').map(({ at }) => at);
    assertTimes([0, (second - first) / 1000], [0, 0.3]);
    assert.ok(seconds >= 0.59, `after ${seconds} s`);
    assert.equal(sink.seen.length, 1);
    assert.equal(sink.seen[0]?.headers['ce-knativeerrorcode'], '500');
    const data = Buffer.from(String(sink.seen[0]?.headers['ce-knativeerrordata']), 'base64').toString();
    assert.match(data, /^dispatch error: Post .*Client\.Timeout exceeded while awaiting headers/);
  });

  test('REFUSED, retry 1: a dead letter with code 500', async () => {
    await using sink = await Subscriber.start({ status: 200 });
    const delivery = { retry: 1, deadLetterSink: sink.url };
    await using rig = await startRig({ triggers: [{ subscriber: await refusedUrl(), delivery }] });
    assert.equal((await send(rig.url)).status, 202);
    assert.equal(rig.named('delivery:attempted').length, 2);
    assert.equal(sink.seen[0]?.headers['ce-knativeerrorcode'], '500');
    const data = Buffer.from(String(sink.seen[0]?.headers['ce-knativeerrordata']), 'base64').toString();
    assert.match(data, /^dispatch error: .*connection refused/);
  });

  test('DLSFAIL, retry 2: 3 attempts at the subscriber, 3 at the dead letter sink, then 500', async () => {
    await using subscriber = await Subscriber.start({ status: 500 });
    await using sink = await Subscriber.start({ status: 500 });
    const delivery = { retry: 2, deadLetterSink: sink.url };
    await using rig = await startRig({ triggers: [{ subscriber: subscriber.url, delivery }] });
    assert.equal((await send(rig.url)).status, 500);
    assert.deepEqual([subscriber.seen.length, sink.seen.length], [3, 3]);
    assert.equal(rig.named('delivery:dropped').length, 1);
    assert.equal(rig.named('delivery:deadlettered').length, 0);
  });
});
