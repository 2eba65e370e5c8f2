import assert from 'node:assert/strict';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { makeSuggestionServer } from '../../../katib/suggestion/server.ts';
import { algorithmOf } from './algorithms.ts';
import { callSuggestion, withService } from './client.ts';
import { makeExperiment, makeKatib } from './katib.ts';

const assignmentsOf = (made: ReturnType<ReturnType<typeof makeKatib>['take']>) =>
  made.map(({ suggested }) => Object.fromEntries(suggested.assignments.map(({ name, value }) => [name, value])));
const namesOf = (made: ReturnType<ReturnType<typeof makeKatib>['take']>) =>
  made.map(({ suggested }) => suggested.trialName);

test('as many trials are suggested as Katib asks for, each parameter inside its space, as text', () =>
  withService(async (client) => {
    const katib = makeKatib(makeExperiment());
    for (const { lr, hidden, activation, ...rest } of assignmentsOf(await katib.ask(client, 5))) {
      assert.ok(Number(lr) >= 0.001 && Number(lr) <= 1, lr);
      assert.match(hidden ?? '', /^(2|4|6|8|10|12|14|16)$/);
      assert.match(activation ?? '', /^(tanh|relu)$/);
      assert.deepEqual(rest, {});
    }
  }));

test('a trial is named by its Experiment, its index and its search; the index is a label too', () =>
  withService(async (client) => {
    const katib = makeKatib(makeExperiment());
    const first = await katib.ask(client, 2);
    const [more] = await katib.ask(client, 1);
    const [, id] = /^xor-000x([0-9a-f]{6})$/.exec(first[0]?.suggested.trialName ?? '') ?? [];
    assert.deepEqual(namesOf(first), [`xor-000x${id}`, `xor-001x${id}`]);
    assert.equal(more?.suggested.trialName, `xor-002x${id}`);
    assert.deepEqual(more?.suggested.labels, { 'xorflow.dev/index': '2', 'xorflow.dev/best': 'none' });
  }));

test('the same call twice has the same answer', () =>
  withService(async (client) => {
    const katib = makeKatib(makeExperiment());
    assert.deepEqual(await client.suggest(katib.request(3)), await client.suggest(katib.request(3)));
    katib.end(await katib.ask(client, 3), '0.75');
    assert.deepEqual(await client.suggest(katib.request(2)), await client.suggest(katib.request(2)));
  }));

test('an algorithm is found by its name, with or without xorflow- before it', () =>
  withService(async (client) => {
    const plain = await makeKatib(makeExperiment()).ask(client, 3);
    const prefixed = await makeKatib(makeExperiment({ algorithm: 'xorflow-tiny' })).ask(client, 3);
    assert.deepEqual(assignmentsOf(prefixed), assignmentsOf(plain));
  }));

test('an algorithm learns from trials that succeeded and that were stopped early', () =>
  withService(async (client) => {
    const katib = makeKatib(makeExperiment());
    const [one, two, three] = await katib.ask(client, 3);
    assert.ok(one && two && three);
    katib.end([one], '0.5');
    katib.end([two], '0.9', 'EARLYSTOPPED');
    katib.end([three], '0.99', 'FAILED');
    const [next] = await katib.ask(client, 1);
    assert.equal(next?.suggested.labels['xorflow.dev/best'], '1');
  }));

for (const value of ['', 'unavailable', 'NaN', 'nan', 'inf', '0x1f', '0.9,']) {
  test(`a trial with ${JSON.stringify(value)} for a value is one without`, () =>
    withService(async (client) => {
      const katib = makeKatib(makeExperiment());
      const [one, two] = await katib.ask(client, 2);
      assert.ok(one && two);
      katib.end([one], value);
      katib.end([two], '-1e3');
      assert.equal((await katib.ask(client, 1))[0]?.suggested.labels['xorflow.dev/best'], '1');
    }));
}

test('trials of a namesake in another namespace, which Katib sends along, are nothing to the search', () =>
  withService(async (client) => {
    const ours = makeKatib(makeExperiment());
    await using elsewhere = makeSuggestionServer(algorithmOf);
    using other = callSuggestion(await elsewhere.listen('127.0.0.1', 0));
    const theirs = makeKatib(makeExperiment());
    theirs.end(await theirs.ask(other, 3), '0.9');
    await ours.ask(client, 1);
    const request = ours.request(1);
    const { parameterAssignments } = await client.suggest({
      ...request,
      trials: [...theirs.request(1).trials, ...request.trials],
    });
    assert.equal(parameterAssignments[0]?.labels['xorflow.dev/best'], 'none');
  }));

test('a search that was begun by another service is gone on with, in the order in which its trials began', () =>
  withService(async (client) => {
    const katib = makeKatib(makeExperiment());
    const began = ['2026-11-23T10:00:03Z', '2026-11-23T10:00:01Z', '2026-11-23T10:00:03Z', ''];
    const made = ['xor-k8d2f4gh', 'xor-zzzzzzzz', 'xor-bbbbbbbb', 'xor-cccccccc'].map((trialName, index) => ({
      suggested: { trialName, assignments: [], labels: {} },
      condition: index === 3 ? 'CREATED' : 'RUNNING',
      metrics: [],
    }));
    katib.trials.push(...made);
    const bestOf = async (index: number) => {
      katib.end(made.slice(0, 3), '0.1');
      katib.end(made.slice(index, index + 1), '0.9');
      const request = katib.request(1);
      const trials = request.trials.map((trial, at) => ({
        ...trial,
        status: { ...trial.status, startTime: began[at] },
      }));
      const reply = await client.suggest({ ...request, trials });
      return { reply, best: reply.parameterAssignments[0]?.labels['xorflow.dev/best'] };
    };
    assert.deepEqual([(await bestOf(0)).best, (await bestOf(1)).best, (await bestOf(2)).best], ['2', '0', '1']);
    const { reply } = await bestOf(0);
    assert.match(reply.parameterAssignments[0]?.trialName ?? '', /^xor-004x/);
    katib.take(reply, 1);
    assert.equal((await bestOf(0)).best, '2', 'and goes on being');
  }));

test('after Katib deleted trials no name is given twice', () =>
  withService(async (client) => {
    const katib = makeKatib(makeExperiment());
    const before = namesOf(await katib.ask(client, 4));
    katib.trials.splice(1, 2);
    const after = namesOf(await katib.ask(client, 2));
    assert.equal(new Set([...before, ...after]).size, 6);
  }));

test('an algorithm that waits for results is asked again once running trials have ended', () =>
  withService(async (client) => {
    const katib = makeKatib(makeExperiment({ algorithm: 'counting', settings: { rung: '3' } }));
    const rung = await katib.ask(client, 3);
    katib.end(rung.slice(0, 2), '0.5');
    await assert.rejects(katib.ask(client, 2), {
      code: status.FAILED_PRECONDITION,
      details: 'counting waits for results: 1 of 3 trials are running',
    });
    katib.end(rung, '0.5');
    assert.deepEqual(
      assignmentsOf(await katib.ask(client, 3)).map(({ lr }) => lr),
      ['3', '4', '5'],
    );
  }));

test('where no trial is running, what the algorithm has is suggested again up to the number that Katib insists on', () =>
  withService(async (client) => {
    const katib = makeKatib(makeExperiment({ algorithm: 'counting', settings: { rung: '2' } }));
    const filled = await katib.ask(client, 5);
    assert.deepEqual(
      assignmentsOf(filled).map(({ lr }) => lr),
      ['0', '1', '0', '1', '0'],
    );
    assert.deepEqual(
      namesOf(filled).map((name) => name.slice(0, -6)),
      ['xor-000x', 'xor-001x', 'xor-r000x', 'xor-r001x', 'xor-r002x'],
    );
    assert.deepEqual(filled[3]?.suggested.labels, { 'xorflow.dev/repeats': '1' });
    katib.end(filled.slice(0, 2), '0.5');
    // The repeats still run: they count by themselves, and the algorithm never hears of them.
    assert.deepEqual(
      assignmentsOf(await katib.ask(client, 2)).map(({ lr }) => lr),
      ['2', '3'],
    );
    katib.end(katib.trials, '0.5');
    assert.match(namesOf(await katib.ask(client, 3)).at(-1) ?? '', /^xor-r003x/);
  }));

test('an algorithm that has tried everything says how many trials there can be', () =>
  withService(async (client) => {
    const katib = makeKatib(makeExperiment({ algorithm: 'counting', settings: { end: '2' } }));
    katib.end(await katib.ask(client, 2), '0.5');
    await assert.rejects(katib.ask(client, 1), {
      code: status.INVALID_ARGUMENT,
      details: 'counting has nothing more to try: expected spec.maxTrialCount to be 2 at most',
    });
  }));

test('ten thousand trials come in one request', () =>
  withService(async (client) => {
    const katib = makeKatib(makeExperiment({ spec: { maxTrialCount: 30_000 } }));
    // Some 12 MB: three times what a server of gRPC takes unless it is told otherwise.
    katib.end(await katib.ask(client, 10_000), '0.123456789012345678'.repeat(40));
    assert.equal((await katib.ask(client, 1)).length, 1);
  }));

test('a fault of ours is answered with UNKNOWN, the one code by which Katib knows it, and told', () =>
  withService(async (client, errors) => {
    const katib = makeKatib(makeExperiment({ algorithm: 'broken' }));
    await assert.rejects(katib.ask(client, 1), { code: status.UNKNOWN });
    assert.deepEqual(
      errors.map(({ message }) => message),
      ['a bug'],
    );
  }));

test('the health check knows the name that the kubelet asks for', () =>
  withService(async (client) => {
    for (const name of ['manager.v1beta1.Suggestion', 'api.v1.beta1.Suggestion', '']) {
      assert.deepEqual(await client.check(name), { status: 'SERVING' });
    }
    await assert.rejects(client.check('api.v1.beta1.DBManager'), {
      code: status.NOT_FOUND,
      details: 'No service "api.v1.beta1.DBManager" here',
    });
  }));

test('a port that is taken is named', async () => {
  await using one = makeSuggestionServer(algorithmOf);
  const port = await one.listen('127.0.0.1', 0);
  await using two = makeSuggestionServer(algorithmOf);
  await assert.rejects(two.listen('127.0.0.1', port), { code: 'PORT_IN_USE' });
});
