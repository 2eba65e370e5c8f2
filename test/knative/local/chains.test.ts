import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { deviations } from '../../../knative/local/deviations.ts';
import { EVENT_HEADERS, REPLY_HEADERS, type Reply, Subscriber, send, startRig } from './support.ts';

const slowReply: Reply = { status: 200, headers: REPLY_HEADERS, delayMs: 700 };

describe('when the producer is answered', { concurrency: true }, () => {
  test('CHAIN sync: 202 after both functions of 0.7 s', async () => {
    await using first = await Subscriber.start(slowReply);
    await using second = await Subscriber.start({ status: 204, delayMs: 700 });
    await using rig = await startRig({
      triggers: [
        { type: 'model.trained', subscriber: first.url },
        { type: 'reply.made', subscriber: second.url },
      ],
    });
    const { status, seconds } = await send(rig.url);
    assert.equal(status, 202);
    assert.ok(seconds >= 1.39 && seconds < 11, `after ${seconds} s`);
  });

  test('CHAIN async: 202 at once', async () => {
    await using first = await Subscriber.start(slowReply);
    await using second = await Subscriber.start({ status: 204 });
    await using rig = await startRig({
      async: true,
      triggers: [
        { type: 'model.trained', subscriber: first.url },
        { type: 'reply.made', subscriber: second.url },
      ],
    });
    assert.equal((await send(rig.url)).status, 202);
    assert.deepEqual([rig.broker.pending(), second.seen.length], [1, 0], 'the first function is still busy');
    await rig.broker.idle();
    assert.equal(second.seen.length, 1);
  });

  for (const [async, expected] of [
    [false, 500],
    [true, 202],
  ] as const) {
    test(`ONEFAILS ${async ? 'async' : 'sync'}: ${expected}, both are called once`, async () => {
      await using good = await Subscriber.start({ status: 204 });
      await using bad = await Subscriber.start({ status: 500 });
      await using rig = await startRig({ async, triggers: [{ subscriber: good.url }, { subscriber: bad.url }] });
      assert.equal((await send(rig.url)).status, expected);
      await rig.broker.idle();
      assert.deepEqual([good.seen.length, bad.seen.length], [1, 1]);
      assert.equal(rig.named('delivery:dropped').length, 1);
    });
  }

  test('NESTED: a timeout of 0.4 s over a downstream of 0.8 s calls the function once, the downstream 3 times, 500 after 1.2 s', async () => {
    await using fast = await Subscriber.start({ status: 200, headers: REPLY_HEADERS });
    await using downstream = await Subscriber.start({ status: 204, delayMs: 800 });
    const delivery = { retry: 2, timeout: 'PT0.4S', backoffPolicy: 'linear', backoffDelay: 'PT0.05S' } as const;
    await using rig = await startRig({
      triggers: [
        { type: 'model.trained', subscriber: fast.url, delivery },
        { type: 'reply.made', subscriber: downstream.url },
      ],
    });
    const { status, seconds } = await send(rig.url);
    assert.equal(status, 500);
    assert.ok(seconds >= 1.19 && seconds < 11, `after ${seconds} s`);
    assert.deepEqual([fast.seen.length, downstream.seen.length], [1, 3]);
    await rig.broker.idle();
  });

  test('BINARIES sync: 202 after the 0.5 s of the first function, whose reply reached the second', async () => {
    await using first = await Subscriber.start({ ...slowReply, delayMs: 500 });
    await using second = await Subscriber.start({ status: 204 });
    await using rig = await startRig({
      triggers: [
        { type: 'model.trained', subscriber: first.url },
        { type: 'reply.made', subscriber: second.url },
      ],
    });
    const { seconds } = await send(rig.url);
    assert.ok(seconds >= 0.49 && seconds < 10, `after ${seconds} s`);
    assert.equal(second.seen.length, 1);
  });

  test('sync: a reply whose own Trigger fails puts the first event into the dead letter sink', async () => {
    await using first = await Subscriber.start({ status: 200, headers: REPLY_HEADERS });
    await using second = await Subscriber.start({ status: 500 });
    await using sink = await Subscriber.start({ status: 200 });
    await using rig = await startRig({
      triggers: [
        { type: 'model.trained', subscriber: first.url, delivery: { retry: 1, deadLetterSink: sink.url } },
        { type: 'reply.made', subscriber: second.url },
      ],
    });
    assert.equal((await send(rig.url)).status, 202);
    assert.deepEqual([first.seen.length, second.seen.length, sink.seen.length], [1, 2, 1]);
    assert.equal(sink.seen[0]?.headers['ce-id'], '1');
    assert.equal(sink.seen[0]?.headers['ce-knativeerrordest'], rig.url);
    assert.equal(rig.named('reply:retried').length, 1);
  });
});

describe('routing', { concurrency: true }, () => {
  test('an event that no Trigger wants is accepted', async () => {
    await using rig = await startRig({ triggers: [] });
    assert.equal((await send(rig.url)).status, 202);
    assert.equal(rig.broker.pending(), 0);
  });

  test('two Triggers with the same subscriber give two deliveries', async () => {
    await using subscriber = await Subscriber.start({ status: 204 });
    await using rig = await startRig({ triggers: [{ subscriber: subscriber.url }, { subscriber: subscriber.url }] });
    await send(rig.url);
    assert.equal(subscriber.seen.length, 2);
  });

  test('brokers of the same name in two namespaces do not see each other', async () => {
    const { startBroker } = await import('../../../knative/local/broker.ts');
    await using one = await Subscriber.start({ status: 204 });
    await using two = await Subscriber.start({ status: 204 });
    await using folder = await startRig({ triggers: [] });
    await using broker = await startBroker(
      ['a', 'b'].map((namespace) => ({ name: 'default', namespace, async: false })),
      [
        { name: 't', namespace: 'a', broker: 'default', subscriber: one.url },
        { name: 't', namespace: 'b', broker: 'default', subscriber: two.url },
      ],
      { journal: `${folder.journal}/second`, log: () => {} },
    );
    await send(broker.urlOf('b', 'default'));
    assert.deepEqual([one.seen.length, two.seen.length], [0, 1]);
  });

  test('a subscriber URL may come later', async () => {
    await using subscriber = await Subscriber.start({ status: 204 });
    let calls = 0;
    const later = async () => {
      calls++;
      if (calls === 1) throw new Error('not started yet');
      return subscriber.url;
    };
    await using rig = await startRig({ triggers: [{ subscriber: later, delivery: { retry: 1 } }] });
    assert.equal((await send(rig.url)).status, 202);
    assert.equal(subscriber.seen.length, 1);
  });

  for (const async of [false, true]) {
    test(`a reply loop ends after 255 deliveries (${async ? 'async' : 'sync'})`, async () => {
      await using looping = await Subscriber.start({ status: 200, headers: EVENT_HEADERS });
      await using rig = await startRig({ async, triggers: [{ subscriber: looping.url }] });
      const { status } = await send(rig.url);
      assert.equal(status, async ? 202 : 500);
      await rig.broker.idle();
      assert.equal(looping.seen.length, 255);
      assert.equal(looping.seen.at(-1)?.headers['ce-knativebrokerttl'], undefined);
    });
  }

  test('an event posted with knativebrokerttl 3 may cause two replies', async () => {
    await using looping = await Subscriber.start({ status: 200, headers: EVENT_HEADERS });
    await using rig = await startRig({ async: true, triggers: [{ subscriber: looping.url }] });
    await send(rig.url, { ...EVENT_HEADERS, 'ce-knativebrokerttl': '3' });
    await rig.broker.idle();
    assert.equal(looping.seen.length, 2);
  });

  test('at most 64 requests per Trigger are in flight (deviation bounded-in-flight)', async () => {
    assert.ok(deviations.some(({ id }) => id === 'bounded-in-flight'));
    await using subscriber = await Subscriber.start({ status: 204 });
    const release = Promise.withResolvers<void>();
    let started = 0;
    const held = async () => {
      started++;
      await release.promise;
      return subscriber.url;
    };
    await using rig = await startRig({ async: true, triggers: [{ subscriber: held }] });
    const answers = await Promise.all(Array.from({ length: 200 }, () => send(rig.url)));
    assert.ok(answers.every(({ status }) => status === 202));
    assert.deepEqual([rig.broker.pending(), started], [200, 64]);
    release.resolve();
    await rig.broker.idle();
    assert.equal(subscriber.seen.length, 200);
  });
});

describe('which delivery spec counts', { concurrency: true }, () => {
  async function attempts(broker: object, trigger: object | undefined, sinkUrl?: string) {
    await using subscriber = await Subscriber.start({ status: 500 });
    await using rig = await startRig({
      delivery: { ...broker, ...(sinkUrl ? { deadLetterSink: sinkUrl } : {}) },
      triggers: [{ subscriber: subscriber.url, ...(trigger ? { delivery: trigger } : {}) }],
    });
    await send(rig.url);
    return subscriber.seen.length;
  }

  test('a Trigger without delivery follows its Broker', async () =>
    assert.equal(await attempts({ retry: 2 }, undefined), 3));
  test("a Trigger's delivery replaces the Broker's as a whole: without retry there is none", async () => {
    assert.equal(await attempts({ retry: 2 }, { timeout: 'PT1S' }), 1);
  });
  test('only the dead letter sink falls back to the Broker', async () => {
    await using sink = await Subscriber.start({ status: 200 });
    assert.equal(await attempts({ retry: 2 }, {}, sink.url), 1);
    assert.equal(sink.seen.length, 1);
  });
});
