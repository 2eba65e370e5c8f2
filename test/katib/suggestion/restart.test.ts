import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { status } from '@grpc/grpc-js';
import { callSuggestion, type SuggestionClient } from './client.ts';
import { makeExperiment, makeKatib } from './katib.ts';
import { type ServiceProcess, startProcess, startService } from './process.ts';

/** A search of four rounds of three trials; `between` may do something to the service after each round. */
async function searchWith(between: (service: ServiceProcess) => Promise<ServiceProcess>): Promise<unknown[]> {
  const katib = makeKatib(makeExperiment({ settings: { random_state: '7' } }));
  let service = await startService();
  const rounds: unknown[] = [];
  try {
    for (const value of ['0.5', '0.7', '0.6', '0.8']) {
      using client: SuggestionClient = callSuggestion(service.port);
      const made = await katib.ask(client, 3);
      rounds.push(made.map(({ suggested: { assignments, labels } }) => ({ assignments, labels })));
      katib.end(made, value);
      // Katib does not send it again.
      katib.end(made.slice(0, 1), '', 'METRICSUNAVAILABLE');
      service = await between(service);
    }
  } finally {
    await service.end('SIGKILL');
  }
  return rounds;
}

test('a service that is killed between two requests and started anew suggests what it would have suggested', async () => {
  const whole = await searchWith(async (service) => service);
  const torn = await searchWith(async (service) => {
    await service.end('SIGKILL');
    return startService();
  });
  assert.equal(torn.length, 4);
  assert.deepEqual(torn, whole);
  assert.equal(new Set(whole.map((round) => JSON.stringify(round))).size, 4);
});

test('on SIGTERM the process ends with 0, though one client is connected and another never says a word', async () => {
  await using service = await startService();
  using client = callSuggestion(service.port);
  await client.check('manager.v1beta1.Suggestion');
  const silent = connect(service.port, '127.0.0.1');
  await once(silent, 'connect');
  // It is cut off rather than taken leave of.
  silent.on('error', () => {});
  const { code } = await service.end('SIGTERM');
  assert.equal(code, 0);
  await assert.rejects(client.check(''), { code: status.UNAVAILABLE });
});

for (const [env, sentence] of [
  [{ PORT: 'http' }, /^suggestion: Wrong value "http" in PORT: expected an integer from 0 to 65535\n$/],
  [{ PORT: '70000' }, /^suggestion: Wrong value "70000" in PORT: expected an integer from 0 to 65535\n$/],
  [{ PORT: '0', HOST: '192.0.2.1' }, /suggestion: Cannot listen on 192\.0\.2\.1:0: choose another port/],
] as const) {
  test(`with ${JSON.stringify(env)} the process says what is wrong and ends with 1`, async () => {
    const child = startProcess(undefined, env);
    const [said, [code]] = await Promise.all([text(child.stderr as NodeJS.ReadableStream), once(child, 'exit')]);
    assert.match(said, sentence);
    assert.equal(code, 1);
  });
}
