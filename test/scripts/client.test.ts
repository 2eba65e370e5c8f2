import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { digestOf } from '../../events/descriptor.ts';
import { specSchema } from '../../events/spec.ts';
import { makeClient } from '../../functions/client/client.ts';
import { runExperiment } from '../../scripts/experiment.ts';
import { makeFailover } from '../../scripts/failover.ts';
import { parseUrl } from '../../scripts/url.ts';
import { EXPERIMENT, exampleLog, type Faults, startGateway } from './gateway.ts';

const PATIENCE = { silence: 2_000, away: 600 };
const spec = specSchema.parse({});
const never = new AbortController().signal;

async function run(url: string): Promise<string[]> {
  const lines: string[] = [];
  const screen = { write: (text: string) => lines.push(text.trim()) };
  const { state, events } = await runExperiment(makeClient(url, PATIENCE), spec, { screen, signal: never });
  assert.equal(state.id, EXPERIMENT);
  assert.deepEqual(
    events.map(({ position }) => position),
    events.map((_, index) => index + 1),
  );
  return [state.status, ...lines];
}

suite('an experiment is followed to its end', () => {
  test('without trouble', async () => {
    await using gateway = await startGateway();
    const [status, ...lines] = await run(gateway.url);
    assert.equal(status, 'completed');
    assert.match(lines.join('\n'), /^requested: .*\ngenerated: .*\n.*\n.*\ntrained: .*\ncompared: .*\ncompleted$/);
  });

  test('through dropped connections, each event once, resumed after the last whole one', async () => {
    await using gateway = await startGateway({ dropAfter: [2, 0, 3] });
    const [status, ...lines] = await run(gateway.url);
    assert.equal(status, 'completed');
    assert.equal(lines.length, exampleLog().length);
    assert.deepEqual(gateway.resumed, [undefined, '2', '2', '5']);
  });

  test('to its failure', async () => {
    await using gateway = await startGateway({ fails: true });
    assert.equal((await run(gateway.url))[0], 'failed');
  });

  test('a request whose answer got lost is sent again as the same event', async () => {
    await using gateway = await startGateway({ loseAnswers: 2 });
    await run(gateway.url);
    assert.equal(gateway.taken.length, 3);
    assert.equal(new Set(gateway.taken).size, 1);
  });

  test('a signal ends it at once', async () => {
    await using gateway = await startGateway({ endless: true });
    const controller = new AbortController();
    const reason = new Error('enough');
    setTimeout(() => controller.abort(reason), 100);
    const screen = { write: () => undefined };
    const client = makeClient(gateway.url, PATIENCE);
    await assert.rejects(runExperiment(client, spec, { screen, signal: controller.signal }), reason);
  });
});

suite('what cannot be had is told as what it is', () => {
  test('a platform that goes away for good', async () => {
    const gateway = await startGateway({ endless: true });
    const following = Array.fromAsync(makeClient(gateway.url, PATIENCE).follow(EXPERIMENT, 0, never));
    setTimeout(() => void gateway.close(), 100);
    await assert.rejects(following, { code: 'PLATFORM_UNREACHABLE', message: /^Cannot reach the platform at http/ });
  });

  test('nobody at the address, told without waiting', async () => {
    await using gateway = await startGateway();
    await gateway.close();
    const started = performance.now();
    await assert.rejects(makeClient(gateway.url).request(spec, never), {
      code: 'PLATFORM_UNREACHABLE',
      message: /nobody listens there, "xorflow up" starts one here/,
    });
    assert.ok(performance.now() - started < 1_000);
  });

  const answers: readonly [string, Faults, string, RegExp][] = [
    ['a refused spec', { status: 422 }, 'INVALID_SPEC', /^The test wants it so$/],
    [
      'too large an experiment',
      { status: 422, code: 'INSUFFICIENT_MEMORY' },
      'INSUFFICIENT_MEMORY',
      /^The test wants it so$/,
    ],
    ['a code that nobody knows', { status: 422, code: 'toString' }, 'INVALID_SPEC', /^The test wants it so$/],
    [
      'a guard before the gateway',
      { status: 403 },
      'PLATFORM_UNREACHABLE',
      /^Refused by the platform at http.* with 403: The test wants it so$/,
    ],
    ['something unknown', { status: 404 }, 'NOT_FOUND', /^The test wants it so$/],
    ['a gateway in trouble', { status: 503 }, 'PLATFORM_UNREACHABLE', /it answers 503: The test wants it so/],
  ];
  for (const [what, faults, code, message] of answers) {
    test(what, async () => {
      await using gateway = await startGateway(faults);
      await assert.rejects(makeClient(gateway.url, PATIENCE).request(spec, never), { code, message });
      await assert.rejects(makeClient(gateway.url, PATIENCE).list(never), { code, message });
    });
  }

  test('an experiment that is unknown after it was taken: the store has lost it', async () => {
    await using gateway = await startGateway({ forgets: true });
    await assert.rejects(run(gateway.url), {
      code: 'STORE_UNAVAILABLE',
      message: /^No experiment xor-0123456789ab at http.* after it was taken there: expected its store to keep it$/,
    });
  });

  test('bytes that are not those of their digest', async () => {
    await using gateway = await startGateway({ corrupt: true });
    await assert.rejects(makeClient(gateway.url).artifact(digestOf(Buffer.from('train.arrow')), never), {
      code: 'PLATFORM_UNREACHABLE',
      message: /^Wrong bytes from http/,
    });
  });

  test('an address that is none', () => {
    for (const text of ['', 'localhost:8080', 'ftp://x', 'http://', 'http://x?y', '/experiments']) {
      assert.throws(() => parseUrl(text), { code: 'INVALID_ARGUMENT', message: /at --to: expected a URL such as/ });
    }
    assert.equal(parseUrl('https://x.example/base/'), 'https://x.example/base');
  });
});

suite('when the platform of another process ends', () => {
  test('the next one goes on where it stopped, with the same request', async () => {
    await using first = await startGateway({ endless: true });
    await using second = await startGateway();
    const changes: string[] = [];
    const client = makeFailover(makeClient(first.url, PATIENCE), async () => {
      changes.push('changed');
      return makeClient(second.url, PATIENCE);
    });
    const positions: number[] = [];
    for await (const { position } of client.follow(EXPERIMENT, 0, never)) {
      positions.push(position);
      if (position === exampleLog().length - 1) void first.close();
      if (position === exampleLog().length) break;
    }
    assert.deepEqual(
      positions,
      exampleLog().map((_, index) => index + 1),
    );
    assert.equal(await client.request(spec, never), EXPERIMENT);
    assert.deepEqual([changes, second.resumed], [['changed'], [String(exampleLog().length - 1)]]);
  });

  test('and there is no next one, its error stands', async () => {
    await using first = await startGateway();
    await first.close();
    const client = makeFailover(makeClient(first.url, PATIENCE), async () => undefined);
    await assert.rejects(client.list(never), { code: 'PLATFORM_UNREACHABLE' });
  });
});
