import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { callSuggestion } from './client.ts';
import { makeExperiment, makeKatib } from './katib.ts';
import { startService } from './process.ts';

const REGISTERED = new URL('../../../katib/cluster/suggestion/suggestions.yaml', import.meta.url);

test('the program starts, suggests with our own algorithms, and ends with 0 on SIGTERM', async () => {
  await using service = await startService('katib/suggestion.ts');
  using client = callSuggestion(service.port);
  assert.deepEqual(await client.check('manager.v1beta1.Suggestion'), { status: 'SERVING' });
  const experiment = makeExperiment({ algorithm: 'xorflow-random', settings: { random_state: '7' } });
  assert.equal((await makeKatib(experiment).ask(client, 3)).length, 3);
  const { code } = await service.end('SIGTERM');
  assert.equal(code, 0);
});

test('every algorithm that katib-config is to register is served', async () => {
  await using service = await startService('katib/suggestion.ts');
  using client = callSuggestion(service.port);
  for (const { algorithmName } of parse(readFileSync(REGISTERED, 'utf8'))) {
    // One that lacks a setting, or has too many trials for its grid, says so; none is unknown.
    const answer = await client
      .validate({ experiment: makeExperiment({ algorithm: algorithmName }) })
      .catch(({ details }: { details: string }) => details);
    assert.doesNotMatch(JSON.stringify(answer), /no such algorithm/);
  }
});
