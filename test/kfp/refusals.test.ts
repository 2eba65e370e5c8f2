import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { decide } from '../../kfp/local/condition.ts';
import { loadPipeline } from '../../kfp/local/load.ts';
import { runPipeline } from '../../kfp/local/run.ts';
import { settle } from '../../kfp/local/values.ts';
import { makeFolder } from '../support/manifests.ts';

const text = readFileSync(fileURLToPath(new URL('../../kfp/pipeline.yaml', import.meta.url)), 'utf8');

/** Loads the pipeline of the repository with a change, which has to be one. */
async function loadChanged(from: string | RegExp, to: string) {
  const changed = text.replace(from, to);
  assert.notEqual(changed, text, `nothing to change at ${from}`);
  await using folder = await makeFolder({ 'pipeline.yaml': changed });
  return await loadPipeline(join(folder.path, 'pipeline.yaml'));
}

const CHANGES: readonly [string, string | RegExp, string, RegExp][] = [
  [
    'a field of a task',
    'cachingOptions: {}',
    'cachingOptions: {}\n          resolver: {}',
    /tasks\.scatter\.resolver: not supported locally/,
  ],
  [
    'a cache',
    'cachingOptions: {}',
    'cachingOptions:\n            enableCache: true',
    /cachingOptions\.enableCache: not supported locally/,
  ],
  ['another schema', 'schemaVersion: "2.1.0"', 'schemaVersion: "2.0.0"', /Wrong value "2\.0\.0" at schemaVersion/],
  [
    'a component that is not there',
    'name: "comp-scatter"',
    'name: "comp-nowhere"',
    /No component comp-nowhere at components\.comp-condition-1\.dag\.tasks\.scatter/,
  ],
  [
    'an executor that is not there',
    'executorLabel: "exec-compare"',
    'executorLabel: "exec-no"',
    /No executor exec-no at components\.comp-compare/,
  ],
  ['a task that is not there', '- "for-loop-1"', '- "for-loop-9"', /No task for-loop-9 beside compare/],
  [
    'a field of Kubernetes',
    'activeDeadlineSeconds: "90000"',
    'nodeSelector: {}',
    /nodeSelector: not supported locally/,
  ],
  ['broken YAML', 'components:', 'components: [', /^.*pipeline\.yaml: [^\n]+$/],
];

for (const [what, from, to, sentence] of CHANGES) {
  test(`${what} is refused by its place before anything runs`, async () => {
    await assert.rejects(loadChanged(from, to), (error: Error & { code?: string }) => {
      assert.equal(error.code, 'INVALID_MANIFEST');
      assert.match(error.message, sentence);
      return true;
    });
  });
}

test('a placeholder that is not put in here is refused, not handed on', async () => {
  const options = {
    run: 'r',
    parameters: {},
    folder: '/nowhere',
    signal: new AbortController().signal,
  };
  const constant = await loadChanged(/"\{\{\$\.pipeline_job_uuid\}\}"/g, '"{{$.pipeline_job_name}}"');
  await assert.rejects(
    runPipeline(constant, options),
    /Placeholder "\{\{\$\.pipeline_job_name\}\}": not supported locally/,
  );
});

test('a condition of another form, or on an input that is not there, is refused', () => {
  assert.throws(
    () => decide("inputs.parameter_values['a'] == 'b'", {}),
    /not supported locally; expected the form int\(/,
  );
  assert.throws(() => decide("int(inputs.parameter_values['a']) == 2", {}), /no such key a/);
  for (const [operator, expected] of [
    ['==', false],
    ['!=', true],
    ['<', true],
    ['<=', true],
    ['>', false],
    ['>=', false],
  ] as const) {
    assert.equal(decide(`int(inputs.parameter_values['a']) ${operator} 3`, { a: 2 }), expected);
  }
});

test('defaults are filled in and types checked as the backend does', () => {
  const declared = {
    n: { parameterType: 'NUMBER_INTEGER', defaultValue: 2, isOptional: true },
    s: { parameterType: 'STRING' },
    o: { parameterType: 'STRUCT', isOptional: true },
  } as const;
  assert.deepEqual(settle(declared, { s: 'x' }), { n: 2, s: 'x' });
  assert.deepEqual(settle(declared, { s: 5, n: 3 }), { n: 3, s: '5' }, 'a STRING takes everything');
  assert.throws(() => settle(declared, {}), /Missing parameter s: expected STRING/);
  assert.throws(() => settle(declared, { s: 'x', n: 1.5 }), /Wrong value 1\.5 at n: expected NUMBER_INTEGER/);
  assert.throws(() => settle(declared, { s: 'x', o: [] }), /Wrong value \[\] at o: expected STRUCT/);
  assert.throws(() => settle(declared, { s: 'x', z: 1 }, true), /Unknown parameter "z": expected one of n, s, o/);
});
