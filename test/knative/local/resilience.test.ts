import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { isRetriable } from '../../../knative/local/delivery.ts';
import { type Behaviour, EVENT_HEADERS, REPLY_HEADERS, Subscriber, send, startRig } from './support.ts';

describe('a subscriber that misbehaves costs its own deliveries only', { concurrency: true }, () => {
  const rows: [name: string, behaviour: Behaviour, code: string][] = [
    ['closes the socket', 'close', '500'],
    ['answers something that is not HTTP', 'garbage', '500'],
    ['never answers', 'hang', '500'],
    ['never ends its reply', 'drip', '500'],
    ['answers 200 with endless text', () => ({ status: 200, body: Buffer.alloc(50_000_000, 'x') }), '502'],
    [
      'claims gzip that is none',
      { status: 200, headers: { ...REPLY_HEADERS, 'content-encoding': 'gzip' }, body: 'no gzip' },
      '502',
    ],
  ];
  for (const [name, behaviour, code] of rows) {
    test(`one that ${name}: 2 attempts, then the dead letter sink with code ${code}`, async () => {
      await using bad = await Subscriber.start(behaviour);
      await using good = await Subscriber.start({ status: 204 });
      await using sink = await Subscriber.start({ status: 200 });
      const isEndless = behaviour === 'hang' || behaviour === 'drip';
      const delivery = { retry: 1, timeout: isEndless ? 'PT0.5S' : 'PT30S', deadLetterSink: sink.url };
      await using rig = await startRig({ triggers: [{ subscriber: bad.url, delivery }, { subscriber: good.url }] });
      assert.equal((await send(rig.url)).status, 202);
      assert.deepEqual([bad.seen.length, good.seen.length, sink.seen.length], [2, 1, 1]);
      assert.equal(sink.seen[0]?.headers['ce-knativeerrorcode'], code);
    });
  }

  test('a gzipped reply is read', async () => {
    const headers = { ...REPLY_HEADERS, 'content-encoding': 'gzip' };
    await using subscriber = await Subscriber.start({ status: 200, headers, body: gzipSync('zipped') });
    await using next = await Subscriber.start({ status: 204 });
    await using rig = await startRig({
      triggers: [
        { type: 'model.trained', subscriber: subscriber.url },
        { type: 'reply.made', subscriber: next.url },
      ],
    });
    await send(rig.url);
    assert.equal(next.seen[0]?.body.toString(), 'zipped');
  });

  test('a subscriber that needs longer than an idle connection lives is waited for', async () => {
    await using subscriber = await Subscriber.start({ status: 204, delayMs: 2300 });
    await using rig = await startRig({ triggers: [{ subscriber: subscriber.url }] });
    assert.equal((await send(rig.url)).status, 202);
    assert.equal(subscriber.seen.length, 1);
  });

  test('closing cuts off what hangs after the grace and tells a waiting producer 503', async () => {
    await using subscriber = await Subscriber.start('hang');
    await using rig = await startRig({ triggers: [{ subscriber: subscriber.url }], grace: 100 });
    const answer = send(rig.url);
    while (subscriber.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await rig.broker.close();
    assert.equal((await answer).status, 503);
    await rig.broker.close();
  });
});

const results = fc.oneof(
  fc.constantFrom<Behaviour>(
    'close',
    'garbage',
    { status: 204 },
    { status: 200, body: 'text' },
    { status: 200, headers: REPLY_HEADERS },
  ),
  fc.constantFrom(200, 301, 400, 404, 409, 422, 429, 500, 503).map((status): Behaviour => ({ status })),
);

/** How the recorded table judges one result. */
function judge(result: Behaviour): 'done' | 'retry' | 'fail' {
  if (typeof result !== 'object') return 'retry';
  const { status, body, headers } = result;
  if (status >= 200 && status < 300) return body === undefined || headers !== undefined ? 'done' : 'retry';
  // A redirect without a location has no answer.
  return status === 301 || isRetriable(status) ? 'retry' : 'fail';
}

test('whatever a subscriber does, attempts follow the table and every event ends delivered, dead-lettered or dropped', async () => {
  const scenario = fc.record({
    retry: fc.integer({ min: 0, max: 3 }),
    async: fc.boolean(),
    hasSink: fc.boolean(),
    sinkFails: fc.boolean(),
    results: fc.array(results, { minLength: 4, maxLength: 4 }),
  });
  await fc.assert(
    fc.asyncProperty(scenario, async ({ retry, async, hasSink, sinkFails, results }) => {
      await using subscriber = await Subscriber.start((_, attempt) => results[attempt] ?? { status: 204 });
      await using sink = await Subscriber.start({ status: sinkFails ? 500 : 200 });
      await using rig = await startRig({
        async,
        triggers: [
          {
            type: 'model.trained',
            subscriber: subscriber.url,
            delivery: { retry, ...(hasSink ? { deadLetterSink: sink.url } : {}) },
          },
        ],
      });
      const { status } = await send(rig.url, EVENT_HEADERS, 'data');
      await rig.broker.idle();

      const judged = results.slice(0, retry + 1).map(judge);
      const end = judged.findIndex((verdict) => verdict !== 'retry');
      const attempts = end < 0 ? retry + 1 : end + 1;
      const isDelivered = judged[attempts - 1] === 'done';
      const isDead = !isDelivered && hasSink && !sinkFails;
      assert.equal(subscriber.seen.length, attempts);
      assert.equal(sink.seen.length, isDelivered || !hasSink ? 0 : sinkFails ? retry + 1 : 1);
      assert.equal(status, async || isDelivered || isDead ? 202 : 500);
      assert.equal(rig.named('delivery:delivered').length, Number(isDelivered));
      assert.equal(rig.named('delivery:deadlettered').length, Number(isDead));
      assert.equal(rig.named('delivery:dropped').length, Number(!isDelivered && !isDead));
      assert.equal(rig.broker.pending(), 0);
    }),
    { numRuns: 60 },
  );
});
