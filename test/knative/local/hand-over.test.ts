import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises';
import type { Answer as FunctionAnswer } from '../../../functions/host/answer.ts';
import type { Take } from '../../../knative/local/instance.ts';
import { NoAnswer, type PostOptions } from '../../../knative/local/post.ts';
import { openService, type ServiceSettings } from '../../../knative/local/serving.ts';
import { SERVICE } from './support.ts';

const never = new AbortController().signal;

/** A Service whose function, in this process, takes messages as a test says. */
async function open(take: Take, settings: Partial<ServiceSettings> = {}, queueDepth = 100) {
  const refused: string[] = [];
  const service = await openService(
    { ...SERVICE, ...settings },
    {
      start: async () => ({ port: 1, take, exited: new Promise(() => undefined), stop: async () => undefined }),
      record: (entry) => {
        if (entry.name === 'request:refused') refused.push(`${entry.status} ${entry.reason}`);
      },
      queueDepth,
      graceMs: 30,
    },
  );
  const handOver = (id: string, options: Partial<PostOptions> = {}) =>
    service.handOver({ headers: { 'ce-id': id }, body: Buffer.from(id), timeoutMs: 5_000, signal: never, ...options });
  return {
    handOver,
    refused,
    service,
    launch: () => service.launch('none.ts', {}),
    [Symbol.asyncDispose]: () => service.close(),
  };
}

/** A function that notes what comes, and answers when told. */
function makeFunction() {
  const seen: string[] = [];
  const answers = new Map<string, (answer: FunctionAnswer) => void>();
  const take: Take = ({ headers }) => {
    const id = headers['ce-id'] ?? '';
    seen.push(id);
    return new Promise((resolve) => answers.set(id, resolve));
  };
  const answer = (id: string, given: FunctionAnswer = { status: 204 }) => answers.get(id)?.(given);
  return { seen, take, answer };
}

test('a message waits for the function, and its answer comes back whole', async () => {
  const messages: unknown[] = [];
  await using served = await open(async (message) => {
    messages.push(message);
    return { status: 200, headers: { 'ce-id': '2' }, body: Buffer.from('{}') };
  });
  const early = served.handOver('1');
  await sleep(20);
  assert.deepEqual(messages, []);
  await served.launch();
  assert.deepEqual(await early, { status: 200, headers: { 'ce-id': '2' }, body: Buffer.from('{}') });
  assert.deepEqual(messages, [{ headers: { 'ce-id': '1' }, body: Buffer.from('1') }]);
});

test('no more than containerConcurrency are in work, the others come in their order, and those beyond the queue get 503', async () => {
  const { take, seen, answer } = makeFunction();
  await using served = await open(take, { concurrency: 2 }, 2);
  await served.launch();
  const answers = ['a', 'b', 'c', 'd'].map((id) => served.handOver(id));
  const fifth = await served.handOver('e');
  assert.deepEqual([fifth.status, String(fifth.body)], [503, 'pending request queue full']);
  assert.deepEqual(seen, ['a', 'b']);
  answer('b');
  await answers[1];
  assert.deepEqual(seen, ['a', 'b', 'c']);
  for (const id of ['a', 'c']) answer(id);
  await Promise.all([answers[0], answers[2]]);
  answer('d');
  assert.deepEqual(
    (await Promise.all(answers)).map(({ status }) => status),
    [204, 204, 204, 204],
  );
  assert.deepEqual(served.refused, ['503 pending request queue full']);
});

for (const [limits, reason] of [
  [{ timeoutMs: 40, responseStartMs: 40 }, 'response start timeout'],
  [{ timeoutMs: 40, responseStartMs: 5_000 }, 'request timeout'],
] as const) {
  test(`who takes too long gets 504 (${reason}), makes room, and a late answer changes nothing`, async () => {
    const { take, seen, answer } = makeFunction();
    await using served = await open(take, { concurrency: 1, ...limits });
    await served.launch();
    const [first, second] = await Promise.all([served.handOver('1'), served.handOver('2')]);
    assert.deepEqual([first.status, String(first.body)], [504, reason]);
    assert.equal(second.status, 504, 'the wait for a turn counts');
    assert.deepEqual(served.refused, [`504 ${reason}`, `504 ${reason}`]);
    answer('1');
    await turn();
    const third = served.handOver('3');
    const fourth = served.handOver('4');
    answer('3');
    assert.equal((await third).status, 204);
    answer('4');
    assert.equal((await fourth).status, 204);
    assert.ok(seen.join('').endsWith('34'), `one place, not two: ${seen}`);
  });
}

test('the limit and the end of who hands over come as from a connection, and make room', async () => {
  const { take, answer } = makeFunction();
  await using served = await open(take, { concurrency: 1 });
  await served.launch();
  const late = served.handOver('1', { timeoutMs: 20 });
  await assert.rejects(late, (error) => {
    assert.ok(error instanceof NoAnswer);
    assert.match(error.message, /^Post "http:\/\/127\.0\.0\.1:\d+\/": context deadline exceeded /);
    return true;
  });
  const ending = new AbortController();
  const given = served.handOver('2', { signal: ending.signal });
  const waiting = served.handOver('3', { signal: ending.signal });
  ending.abort();
  for (const one of [given, waiting]) await assert.rejects(one, /the broker is stopping$/);
  await assert.rejects(served.handOver('4', { signal: ending.signal }), /the broker is stopping$/);
  const last = served.handOver('5');
  answer('5');
  assert.equal((await last).status, 204);
});

test('a function that throws is one that gives no answer', async () => {
  await using served = await open(async () => {
    throw new Error('broken');
  });
  await served.launch();
  const { status, body } = await served.handOver('1');
  assert.deepEqual([status, String(body)], [502, 'no answer from the function: broken']);
});

test('closing sends away who waits and who comes', async () => {
  const { take, answer } = makeFunction();
  const served = await open(take, { concurrency: 1 });
  await served.launch();
  const running = served.handOver('1');
  const waiting = served.handOver('2');
  const closed = served.service.close();
  for (const { status, body } of [await waiting, await served.handOver('3')]) {
    assert.deepEqual([status, String(body)], [503, 'shutting down']);
  }
  answer('1');
  assert.equal((await running).status, 204);
  await closed;
});
