import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parse } from 'yaml';
import { register } from '../../../katib/suggestion/register.ts';
import { PREFIX } from '../../../katib/suggestion/suggest.ts';

const OURS = readFileSync(new URL('../../../katib/cluster/suggestion/suggestions.yaml', import.meta.url), 'utf8');
const IMAGE = 'registry.example/team/xorflow:1.2.3';
const CONFIG = `apiVersion: config.kubeflow.org/v1beta1
kind: KatibConfig
init:
  controller:
    trialResources:
      - Job.v1.batch # and no other
runtime:
  suggestions:
    - algorithmName: random
      image: ghcr.io/kubeflow/katib/suggestion-hyperopt:latest
    - algorithmName: xorflow-tpe
      image: registry.example/team/xorflow:0.0.1
  earlyStoppings:
    - algorithmName: medianstop
      image: ghcr.io/kubeflow/katib/earlystopping-medianstop:latest
`;

test("our algorithms are added to Katib's, and nothing else of its configuration changes", () => {
  const text = register(CONFIG, OURS, IMAGE);
  const { runtime, ...rest } = parse(text);
  const { runtime: before, ...restBefore } = parse(CONFIG);
  assert.deepEqual(rest, restBefore);
  assert.deepEqual(runtime.earlyStoppings, before.earlyStoppings);
  assert.deepEqual(runtime.suggestions[0], before.suggestions[0]);
  assert.match(text, /# and no other/);
  const expected = parse(OURS).map((entry: object) => ({ ...entry, image: IMAGE }));
  assert.deepEqual(runtime.suggestions.slice(1), expected);
});

test('registered twice they are there once', () => {
  const once = register(CONFIG, OURS, IMAGE);
  assert.equal(register(once, OURS, IMAGE), once);
});

for (const config of ['', 'kind: KatibConfig', 'kind: [', 'suggestion: |-\n  {}']) {
  test(`${JSON.stringify(config)} is refused as no configuration of Katib's`, () => {
    assert.throws(() => register(config, OURS, IMAGE), { code: 'INVALID_MANIFEST' });
  });
}

test('an entry has what Katib needs of a container and leaves Katib its port', () => {
  for (const entry of parse(OURS)) {
    assert.ok(entry.algorithmName.startsWith(PREFIX), entry.algorithmName);
    assert.deepEqual(entry.command, ['node', 'katib/suggestion.ts']);
    // Katib refuses an entry that says one of its own.
    assert.equal(entry.ports, undefined);
  }
});
