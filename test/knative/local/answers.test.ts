import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Behaviour, EVENT_HEADERS, REPLY_HEADERS, refusedUrl, Subscriber, send, startRig } from './support.ts';

interface Outcome {
  readonly attempts: number;
  readonly replies: number;
  readonly dead: number;
  readonly code?: string | undefined;
}

/** One subscriber with retries and a dead letter sink; replies go to a second Trigger. */
async function observe(
  behaviour: Behaviour,
  retry: number,
  routeAcceptedReplies = false,
): Promise<Outcome & { ingress: number }> {
  await using subscriber = await Subscriber.start(behaviour);
  await using next = await Subscriber.start({ status: 204 });
  await using sink = await Subscriber.start({ status: 200, headers: REPLY_HEADERS, body: 'ignored' });
  await using rig = await startRig({
    routeAcceptedReplies,
    triggers: [
      { type: 'model.trained', subscriber: subscriber.url, delivery: { retry, deadLetterSink: sink.url } },
      { type: 'reply.made', subscriber: next.url },
    ],
  });
  const { status } = await send(rig.url);
  await rig.broker.idle();
  assert.equal(rig.broker.pending(), 0);
  const code = sink.seen[0]?.headers['ce-knativeerrorcode'];
  return {
    ingress: status,
    attempts: subscriber.seen.length,
    replies: next.seen.length,
    dead: sink.seen.length,
    code: code?.toString(),
  };
}

async function redirectToRefused(status: number): Promise<Behaviour> {
  return { status, headers: { location: await refusedUrl() } };
}

describe('which statuses are retried (retry 2)', { concurrency: true }, () => {
  const rows: [attempts: number, statuses: number[]][] = [
    [3, [404, 408, 409, 429, 500, 501, 502, 503, 504, 599]],
    [1, [300, 304, 400, 401, 403, 405, 410, 413, 415, 422, 425, 499]],
  ];
  for (const [attempts, statuses] of rows) {
    for (const status of statuses) {
      test(`${status}: ${attempts} attempt(s), then the dead letter sink`, async () => {
        const seen = await observe({ status }, 2);
        assert.deepEqual(seen, { ingress: 202, attempts, replies: 0, dead: 1, code: String(status) });
      });
    }
  }
  for (const status of [301, 302, 307]) {
    test(`${status} to a target that refuses: followed, 3 attempts`, async () => {
      const seen = await observe(await redirectToRefused(status), 2);
      assert.deepEqual(seen, { ingress: 202, attempts: 3, replies: 0, dead: 1, code: '500' });
    });
  }
});

describe('redirects are followed as by Go', { concurrency: true }, () => {
  for (const [status, method] of [
    [301, 'GET'],
    [302, 'GET'],
    [303, 'GET'],
    [307, 'POST'],
    [308, 'POST'],
  ] as const) {
    test(`${status}: the target gets a ${method}${method === 'POST' ? ' with the event' : ''}`, async () => {
      await using target = await Subscriber.start({ status: 204 });
      assert.deepEqual(await observe({ status, headers: { location: target.url } }, 2), {
        ingress: 202,
        attempts: 1,
        replies: 0,
        dead: 0,
        code: undefined,
      });
      assert.equal(target.seen[0]?.method, method);
      if (method === 'POST') assert.equal(target.seen[0]?.headers['ce-id'], '1');
    });
  }

  test('a redirect in circles ends after 10', async () => {
    const seen = await observe((seen) => ({ status: 307, headers: { location: seen.url } }), 0);
    assert.deepEqual(seen, { ingress: 202, attempts: 11, replies: 0, dead: 1, code: '500' });
  });

  test('a redirect to nowhere is a failure', async () => {
    assert.equal((await observe({ status: 302 }, 1)).attempts, 2);
  });
});

const reply = JSON.stringify({ specversion: '1.0', id: '2', source: '/test', type: 'reply.made', data: { n: 1 } });
const structured = { 'content-type': 'application/cloudevents+json; charset=UTF-8' };
const { 'ce-id': _, ...withoutId } = REPLY_HEADERS;
const { specversion, ...incomplete } = JSON.parse(reply);

describe('what an answer means (retry 1)', { concurrency: true }, () => {
  const rows: [name: string, behaviour: Behaviour, expected: Outcome][] = [
    [
      '200 with a binary event',
      { status: 200, headers: REPLY_HEADERS, body: '{}' },
      { attempts: 1, replies: 1, dead: 0 },
    ],
    [
      '201 with a binary event',
      { status: 201, headers: REPLY_HEADERS, body: '{}' },
      { attempts: 1, replies: 1, dead: 0 },
    ],
    [
      '200 with a binary event without data',
      { status: 200, headers: REPLY_HEADERS },
      { attempts: 1, replies: 1, dead: 0 },
    ],
    [
      '200 with a structured event',
      { status: 200, headers: structured, body: reply },
      { attempts: 1, replies: 1, dead: 0 },
    ],
    ...[200, 201, 202, 204].map((status): [string, Behaviour, Outcome] => [
      `${status} and empty`,
      { status },
      { attempts: 1, replies: 0, dead: 0 },
    ]),
    [
      '200 with JSON that is no event',
      { status: 200, headers: { 'content-type': 'application/json' }, body: '{"ok":true}' },
      { attempts: 2, replies: 0, dead: 1, code: '502' },
    ],
    [
      '202 with text',
      { status: 202, headers: { 'content-type': 'text/plain' }, body: 'accepted' },
      { attempts: 2, replies: 0, dead: 1, code: '502' },
    ],
    [
      '200 with a malformed structured event',
      { status: 200, headers: structured, body: '{"specversion"' },
      { attempts: 2, replies: 0, dead: 1, code: '502' },
    ],
    [
      '200 structured, with an empty body',
      { status: 200, headers: structured },
      { attempts: 2, replies: 0, dead: 1, code: '502' },
    ],
    [
      '200 with a batch of 2',
      { status: 200, headers: { 'content-type': 'application/cloudevents-batch+json' }, body: `[${reply},${reply}]` },
      { attempts: 2, replies: 0, dead: 1, code: '502' },
    ],
    [
      '200 with a structured event without specversion',
      { status: 200, headers: structured, body: JSON.stringify(incomplete) },
      { attempts: 2, replies: 0, dead: 1, code: '502' },
    ],
    [
      '200 with an event without id',
      { status: 200, headers: withoutId, body: '{}' },
      { attempts: 1, replies: 0, dead: 1, code: '400' },
    ],
    [
      '500 with an event',
      { status: 500, headers: REPLY_HEADERS, body: '{}' },
      { attempts: 2, replies: 0, dead: 1, code: '500' },
    ],
  ];
  for (const [name, behaviour, expected] of rows) {
    const { attempts, replies, dead, code } = expected;
    test(`${name}: ${attempts} attempt(s), ${replies} reply, ${dead} dead letter${code ? ` with code ${code}` : ''}`, async () => {
      assert.deepEqual(await observe(behaviour, 1), { ingress: 202, code: undefined, ...expected });
    });
  }

  test('202 with an event: not routed, as the specification asks (deviation accepted-replies)', async () => {
    const seen = await observe({ status: 202, headers: REPLY_HEADERS, body: '{}' }, 1);
    assert.deepEqual(seen, { ingress: 202, attempts: 1, replies: 0, dead: 0, code: undefined });
  });

  test('202 with an event and routeAcceptedReplies: routed, as the real broker does', async () => {
    const seen = await observe({ status: 202, headers: REPLY_HEADERS, body: '{}' }, 1, true);
    assert.deepEqual(seen, { ingress: 202, attempts: 1, replies: 1, dead: 0, code: undefined });
  });

  test('a reply comes to the next subscriber as it left the first', async () => {
    await using subscriber = await Subscriber.start({
      status: 200,
      headers: { ...REPLY_HEADERS, 'content-type': 'text/plain', 'ce-n': '7', 'x-other': 'x' },
      body: 'data',
    });
    await using next = await Subscriber.start({ status: 204 });
    await using rig = await startRig({
      triggers: [
        { type: 'model.trained', subscriber: subscriber.url },
        { type: 'reply.made', subscriber: next.url },
      ],
    });
    await send(rig.url, { ...EVENT_HEADERS, 'x-request-id': 'rid' });
    const [seen] = next.seen;
    assert.equal(seen?.body.toString(), 'data');
    assert.equal(seen.headers['content-type'], 'text/plain');
    assert.equal(seen.headers['ce-n'], '7');
    assert.equal(seen.headers['x-other'], undefined);
  });
});
