import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeEvent } from '../../../events/define.ts';
import { readEnvelope } from '../../../events/envelope.ts';
import { looseEvent } from '../../../events/read.ts';
import {
  CATALOGUE,
  experimentFailed,
  type KnownEvent,
  trainingRequested,
  trialRequested,
} from '../../../events/registry.ts';
import { handle } from '../../../functions/gateway/handler.ts';
import { LOG } from '../../../functions/store/port.ts';
import { makeTestDeps } from '../../support/deps.ts';
import { chainOf, startGateway } from './harness.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');

/** The form in which a real broker delivered a dead letter (facts of Knative 1.22). */
const recorded = {
  'ce-specversion': '1.0',
  'ce-id': 't-1',
  'ce-source': '/xorflow/generate',
  'ce-type': 'dataset.generated',
  'ce-subject': 'xor-1',
  'ce-knativebrokerttl': '255',
  'ce-knativeerrorcode': '422',
  'ce-knativeerrordata': 'bm9wZQ==',
  'ce-knativeerrordest': 'http://train.default.svc.cluster.local',
  'content-type': 'application/json',
};

function deadEvent(headers: Record<string, string> = {}, data: unknown = {}): KnownEvent {
  return looseEvent(readEnvelope({ ...recorded, ...headers }, Buffer.from(JSON.stringify(data)))) as KnownEvent;
}

/** What the word of a dead letter says. */
function dataOf(word: KnownEvent | undefined): { stage: string; status: string; reason: string } {
  return word?.data as unknown as { stage: string; status: string; reason: string };
}

test('a dead letter becomes experiment.failed, which names the function, the status and what it said', async () => {
  await using deps = await makeTestDeps();
  const [word, ...others] = await handle(deadEvent(), deps);
  assert.equal(others.length, 0);
  assert.equal(word?.type, experimentFailed.type);
  assert.equal(word?.subject, 'xor-1');
  assert.equal(word?.source, '/xorflow/gateway');
  assert.deepEqual(word?.data, {
    stage: 'train',
    code: 'DEAD_LETTER',
    reason: 'train could not handle dataset.generated (422): nope',
    cause: { type: 'dataset.generated', source: '/xorflow/generate', id: 't-1' },
  });
});

test('the dead event and the word of it are recorded at once', async () => {
  await using deps = await makeTestDeps();
  await handle(deadEvent(), deps);
  const log = await deps.store.logs.read(LOG.events('xor-1'));
  assert.deepEqual(
    log.map(({ value }) => JSON.parse(value).type),
    ['dataset.generated', 'experiment.failed'],
  );
});

test('a redelivered dead letter gives the same word, recorded once', async () => {
  await using deps = await makeTestDeps();
  const [first] = await handle(deadEvent(), deps);
  const [second] = await handle(deadEvent(), deps);
  assert.equal(first?.id, second?.id);
  assert.equal((await deps.store.logs.read(LOG.events('xor-1'))).length, 2);
});

const destinations: [string, string][] = [
  ['http://train.default.svc.cluster.local', 'train'],
  ['http://xorflow-train.default.svc.cluster.local/', 'train'],
  ['http://127.0.0.1:19001/fn2', 'fn2'],
  ['http://job-sink.knative-eventing.svc.cluster.local/default/train-job', 'train-job'],
  ['http://127.0.0.1:8081/', 'delivery'],
  ['', 'delivery'],
  ['<script>', 'script'],
];
for (const [destination, stage] of destinations) {
  test(`the destination ${JSON.stringify(destination)} is the stage ${stage}`, async () => {
    await using deps = await makeTestDeps();
    const [word] = await handle(deadEvent({ 'ce-knativeerrordest': destination }), deps);
    assert.equal(dataOf(word).stage, stage);
  });
}

test('a function that could not be reached is said to be so', async () => {
  await using deps = await makeTestDeps();
  const lost = 'dispatch error: Post "http://train": dial tcp: connect: connection refused';
  const [word] = await handle(deadEvent({ 'ce-knativeerrorcode': '500', 'ce-knativeerrordata': base64(lost) }), deps);
  const { reason } = dataOf(word);
  assert.match(reason, /^train could not be reached/);
  assert.match(reason, /connection refused/);
});

test('the error that a function answered with is the reason, and its code the code', async () => {
  await using deps = await makeTestDeps();
  const message = 'Cannot write the store at "/data": the disk is full';
  const said = { 'ce-knativeerrorcode': '503' };
  const dead = (body: string) => deadEvent({ ...said, 'ce-knativeerrordata': base64(body) });
  const [word] = await handle(dead(JSON.stringify({ code: 'STORE_UNAVAILABLE', message })), deps);
  assert.deepEqual(word?.data, {
    stage: 'train',
    code: 'STORE_UNAVAILABLE',
    reason: `train could not handle dataset.generated in all the attempts that its Trigger allows (503): ${message}`,
    cause: { type: 'dataset.generated', source: '/xorflow/generate', id: 't-1' },
  });
});

test('an error that came cut off, or with a code that nobody knows, still gives its sentence', async () => {
  await using deps = await makeTestDeps();
  const cases: [string, string, string][] = [
    ['{"code":"BUSY","message":"one \\"two\\" thr', 'BUSY', 'one "two" thr'],
    ['{"code":"BUSY","message":"one \\u00', 'BUSY', 'one'],
    ['{"code":"toString","message":"one"}', 'DEAD_LETTER', '{"code":"toString","message":"one"}'],
    ['{"code":"TEAPOT","message":"one\\ntwo"}', 'DEAD_LETTER', 'one two'],
    ['{"message":"one"}', 'DEAD_LETTER', '{"message":"one"}'],
  ];
  for (const [body, code, sentence] of cases) {
    const [word] = await handle(deadEvent({ 'ce-knativeerrordata': base64(body) }), deps);
    const data = word?.data as unknown as { code: string; reason: string };
    assert.deepEqual([data.code, data.reason.split(': ').slice(1).join(': ')], [code, sentence]);
  }
});

test('two dead letters of one experiment are both in its log, and the first is what it shows', async () => {
  await using gateway = await startGateway();
  for (const [id, text] of [
    ['t-1', 'first'],
    ['t-2', 'second'],
    ['t-1', 'first'],
  ] as const) {
    const headers = { ...recorded, 'ce-id': id, 'ce-knativeerrordata': base64(text) };
    await gateway.http.post('/').set(headers).send('{}').expect(204);
  }
  const log = await gateway.store.logs.read(LOG.events('xor-1'));
  const failures = log.filter(({ value }) => JSON.parse(value).type === experimentFailed.type);
  assert.equal(failures.length, 2);
  const { text } = await gateway.http.get('/experiments/xor-1').set('accept', 'text/html').expect(200);
  assert.match(text, /: first/);
  assert.doesNotMatch(text, /: second/);
  assert.equal((await gateway.http.get('/experiments/xor-1').expect(200)).body.failure.cause.id, 't-1');
});

test('an answer that is empty, binary, endless or full of escapes gives one printable sentence', async () => {
  await using deps = await makeTestDeps();
  const answers = ['', '\u001b[31mred\n\tline', 'x'.repeat(5_000), Buffer.from([0xff, 0xfe, 0, 1]).toString('latin1')];
  for (const answer of answers) {
    const [word] = await handle(deadEvent({ 'ce-knativeerrordata': base64(answer) }), deps);
    const { reason } = dataOf(word);
    assert.ok(reason.length > 10 && reason.length <= 2_000);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
    assert.doesNotMatch(reason, /[\u0000-\u001f]/);
  }
});

for (const type of ['experiment.failed', 'experiment.completed', 'trials.plotted', 'trial.completed', 'com.example']) {
  test(`a dead ${type} brings about nothing more, so that nothing goes round`, async () => {
    await using deps = await makeTestDeps();
    assert.deepEqual(await handle(deadEvent({ 'ce-type': type }), deps), []);
  });
}

test('what the gateway itself took too late is recorded now, and has not failed', async () => {
  await using deps = await makeTestDeps();
  const destination = { 'ce-knativeerrordest': 'http://gateway.default.svc.cluster.local' };
  assert.deepEqual(await handle(deadEvent(destination), deps), []);
  assert.equal((await deps.store.logs.read(LOG.events('xor-1'))).length, 1);
});

test('a trial that nobody could run is completed as failed, since a search waits for it', async () => {
  await using deps = await makeTestDeps();
  const dead = deadEvent({ 'ce-type': 'trial.requested', 'ce-subject': 'trial-a' }, trialRequested.example);
  const [word] = await handle(dead, deps);
  assert.equal(word?.type, 'trial.completed');
  assert.equal(word?.subject, 'trial-a');
  assert.equal(dataOf(word).status, 'failed');
  assert.equal(word?.experiment, 'xor-random');
});

test('no dead letter of a dead letter: whatever type died, its word when it dies too is the last', async () => {
  await using deps = await makeTestDeps();
  for (const { type, example } of CATALOGUE) {
    for (const word of await handle(deadEvent({ 'ce-type': type, 'ce-subject': 'x' }, example), deps)) {
      const headers = { 'ce-type': word.type, 'ce-id': word.id, 'ce-source': word.source, 'ce-subject': 'x' };
      assert.deepEqual(await handle(deadEvent(headers, word.data), deps), []);
    }
  }
});

test('an event that lives is no dead letter', async () => {
  await using deps = await makeTestDeps();
  for (const event of await chainOf(deps.store, 'xor-1')) assert.deepEqual(await handle(event, deps), []);
});

test('over HTTP: the dead letter is acknowledged with an empty 204 and its word goes to the broker', async () => {
  await using gateway = await startGateway();
  const example = makeEvent(trainingRequested, {
    source: '/s',
    id: 'i',
    subject: 'xor-1',
    data: trainingRequested.example,
  });
  const response = await gateway.http
    .post('/')
    .set({ ...recorded, 'ce-type': example.type })
    .send(JSON.stringify(example.data));
  assert.equal(response.status, 204);
  assert.equal(response.text, '');
  assert.deepEqual(
    gateway.sent.map(({ attributes }) => [attributes.type, attributes.subject]),
    [['experiment.failed', 'xor-1']],
  );
  const shown = await gateway.http.get('/experiments/xor-1').expect(200);
  assert.equal(shown.body.status, 'failed');
  assert.equal(shown.body.failure.stage, 'train');
});
