import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { makeEvent } from '../../../events/define.ts';
import { trialRequested } from '../../../events/registry.ts';
import { followEvents } from '../../../functions/client/follow.ts';
import { makeTrialsClient } from '../../../functions/client/trials.ts';
import type { HeldTrial } from '../../support/held-trial.ts';
import { startTrialsGateway, type TrialsGatewayOptions } from '../../support/trials-gateway.ts';

const PATIENCE = { silence: 2_000, away: 4_000 };
const NAME = 'xor-random-abc';
const never = new AbortController().signal;

function requestFor(name = NAME, deadlineMs = trialRequested.example.deadlineMs) {
  const data = trialRequested.schema.parse({ ...trialRequested.example, deadlineMs });
  const extensions = { experiment: data.experiment };
  return makeEvent(trialRequested, { source: '/xorflow/test', id: name, subject: name, extensions, data });
}

async function withGateway(options: TrialsGatewayOptions) {
  const gateway = await startTrialsGateway(options);
  const client = makeTrialsClient(gateway.url, PATIENCE);
  const trial = await client.request(requestFor(), never);
  const held = gateway.trials.get(NAME) ?? assert.fail('no trial');
  return { gateway, client, trial, held, [Symbol.asyncDispose]: gateway[Symbol.asyncDispose] };
}

suite('a trial is requested', () => {
  test('and is on record when that is done', async () => {
    await using at = await withGateway({ forgets: 2 });
    assert.equal(at.trial.name, NAME);
    assert.ok(Date.parse(at.trial.requestedAt ?? '') > 0);
  });

  test('once, however often the request is sent', async () => {
    await using gateway = await startTrialsGateway({ away: 2, loseAnswers: 2 });
    const client = makeTrialsClient(gateway.url, PATIENCE);
    await client.request(requestFor(), never);
    await client.request(requestFor(), never);
    assert.equal(gateway.trials.get(NAME)?.lines.length, 3);
  });

  test('but not under the name of another one', async () => {
    await using at = await withGateway({});
    await assert.rejects(at.client.request(requestFor(NAME, 5), never), {
      message: /with 409: Trial "xor-random-abc" exists: expected another name$/,
    });
  });

  test('of a gateway that stays away, which is told after a while', async () => {
    await using gateway = await startTrialsGateway();
    await gateway.close();
    const client = makeTrialsClient(gateway.url, { ...PATIENCE, away: 200 });
    await assert.rejects(client.request(requestFor(), never), {
      code: 'PLATFORM_UNREACHABLE',
      message: /^Cannot reach the platform at http/,
    });
  });
});

suite('the lines of a trial', () => {
  const faults: readonly [string, TrialsGatewayOptions, number[]][] = [
    ['without trouble', {}, [0]],
    ['through connections that break in the middle of a line', { dropLines: [1, 0, 1] }, [0, 1, 1, 2]],
    ['through a gateway that shuts down', { endLines: [2, 0] }, [0, 2, 2]],
  ];
  for (const [what, options, positions] of faults) {
    test(`come each once, in order, ${what}`, async () => {
      const train = ({ report }: HeldTrial) => {
        for (const epoch of [1, 2, 3]) report(epoch, { loss: 1 / epoch });
      };
      await using at = await withGateway({ ...options, train });
      const lines: string[] = [];
      for await (const line of at.client.lines(NAME, never)) {
        lines.push(line);
        if (lines.length === 3) at.held.succeed(3, { loss: 1 / 3 });
      }
      assert.deepEqual(lines, at.held.lines);
      const asked = at.gateway.requests.flatMap((one) => /after=(\d+)&follow=true$/.exec(one)?.[1] ?? []);
      assert.deepEqual(asked.map(Number), positions);
    });
  }

  test('come while it trains, and those too that are written just before its end', async () => {
    await using at = await withGateway({ train: () => undefined });
    const { held } = at;
    const lines = at.client.lines(NAME, never)[Symbol.asyncIterator]();
    held.report(1, { loss: 0.5 });
    assert.equal((await lines.next()).value, held.lines[0]);
    held.report(2, { loss: 0.4 });
    held.succeed(2, { loss: 0.4 });
    assert.equal((await lines.next()).value, held.lines[1]);
    assert.deepEqual(await lines.next(), { done: true, value: undefined });
  });

  test('are asked for once more after the end, whatever a stream that ended has given', async () => {
    await using at = await withGateway({});
    await Array.fromAsync(at.client.lines(NAME, never));
    assert.equal(at.gateway.requests.at(-1), `GET /trials/${NAME}/logs?after=0&follow=false`);
  });

  test('of a trial that is unknown are refused at once', async () => {
    await using at = await withGateway({});
    await assert.rejects(Array.fromAsync(at.client.lines('other', never)), { code: 'NOT_FOUND' });
  });
});

suite('the events of a trial', () => {
  test('come each once through dropped connections', async () => {
    await using at = await withGateway({ dropEvents: [1, 0] });
    const types: (string | undefined)[] = [];
    for await (const { event } of at.client.follow(NAME, 0, never)) {
      types.push(event?.type);
      if (event?.type === 'trial.completed') break;
    }
    assert.deepEqual(types, ['trial.requested', 'trial.completed']);
  });

  test('are those of one type, where no others are wanted', async () => {
    await using at = await withGateway({ dropEvents: [1] });
    const path = `/trials/${NAME}/events`;
    for await (const { position, event } of followEvents(at.gateway.url, path, 0, PATIENCE, never, 'trial.completed')) {
      assert.deepEqual([position, event?.type], [2, 'trial.completed']);
      break;
    }
  });

  test('end with the signal', async () => {
    await using at = await withGateway({ train: () => undefined });
    const controller = new AbortController();
    const reason = new Error('enough');
    const following = Array.fromAsync(at.client.follow(NAME, 0, controller.signal));
    await at.gateway.answered(/^GET \/trials\/xor-random-abc$/);
    controller.abort(reason);
    await assert.rejects(following, reason);
  });
});

suite('a trial is cancelled', () => {
  test('with the reason', async () => {
    await using at = await withGateway({ train: () => undefined });
    await at.client.cancel(NAME, 'nobody waits', never);
    assert.equal(await at.held.cancelled, 'nobody waits');
  });

  test('unless nobody knows it', async () => {
    await using at = await withGateway({});
    await assert.rejects(at.client.cancel('other', 'nobody waits', never), { code: 'NOT_FOUND' });
    assert.equal((await at.client.show(NAME, never)).status, 'succeeded');
  });
});
